"""What those who watch over others' work are shown of it: case file, the customer's own copy, retention, responsibility, samples."""
