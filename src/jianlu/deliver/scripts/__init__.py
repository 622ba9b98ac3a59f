"""Scripts for people: a script as text, what changed between two of them word by word, what is wrong with one, in two languages."""
