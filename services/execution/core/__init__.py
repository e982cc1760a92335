"""The pure part of execution: approved orders and quotes in, acknowledgements and fills out."""
