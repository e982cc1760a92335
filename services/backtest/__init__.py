"""Drives the very cores of the running stack in one process, over history."""
