"""Redis as a peer: customers, contacts, journal."""
