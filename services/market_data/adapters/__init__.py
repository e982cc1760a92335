"""Bytes and sockets of the market-data service: WebSocket, REST, recordings."""
