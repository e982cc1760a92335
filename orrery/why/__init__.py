"""What `orrery why` answers: how an order came to be, and why a runner did not trade."""
