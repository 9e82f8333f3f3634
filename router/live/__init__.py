"""The policies that are live: how a folder becomes a version that decides, and gives way to the next."""
