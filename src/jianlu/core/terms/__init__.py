"""The vocabulary: identifiers, digests, instants, events, findings and verdicts, as frozen values without behaviour of their own."""
