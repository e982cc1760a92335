"""Sockets of the risk manager beside those that every service has."""
