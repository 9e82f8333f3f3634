"""`ivr doctor`: what is looked at in a live installation, and what each thing seen means."""
