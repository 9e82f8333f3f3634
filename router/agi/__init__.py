"""The switch as a peer: FastAGI, one decision a session."""
