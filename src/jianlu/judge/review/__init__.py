"""Quality control by people: who is drawn, who reviews, what they decide, how far they agree with the machine and with each other."""
