"""What is an alert, when it is told again, and which channel hears of it: pure."""
