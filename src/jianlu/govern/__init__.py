"""What every stage asks: which rules apply, who may do what, in which words. Nothing here stores or records."""
