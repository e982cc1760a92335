"""What `orrery validate` does around `services.signal.loading`: misspelt names, and what is printed."""
