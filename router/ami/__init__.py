"""The switch as a peer: AMI, what happens to calls after the decision."""
