"""Which camera it is: read from the machine, the board or the network, held against what the site pinned."""
