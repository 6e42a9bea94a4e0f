"""From the record to the program of a node: steps, slices, state, wires."""
