"""Dynamic batch: a program captured from one environment made to serve any number of rows, or refused."""
