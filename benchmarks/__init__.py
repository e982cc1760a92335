"""What prints the performance figures: one file per subject, peers and floors beside us in the same run."""
