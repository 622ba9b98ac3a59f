"""Who somebody is: staff by accounts and sign-ins, participants by the seat they were admitted to. What they may do is not here."""
