"""What holds of every caller in every state: promises, dead routes, and how two versions differ.

Nothing here decides a call. A solver looks for a caller; whoever it finds is put to `decide`, and only what
`decide` confirms is told.
"""
