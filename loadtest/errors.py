"""The root of all that the rig raises on purpose; each kind stands beside what raises it."""


class LoadtestError(Exception):
    """Something that the rig needs is not there, or did not do what it should; the text says what."""
