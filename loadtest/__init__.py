"""Load and end-to-end rig: a real Asterisk, real SIP calls; knows neither the router nor its metrics."""
