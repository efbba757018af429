"""Learning recipes; an installed hwgen carries this folder as `hwgen.training`."""
