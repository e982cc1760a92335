"""The way to a venue that may lie: what was sent, what is known of it, what is to be asked, and when."""
