"""The commands, one file each, in the order in which help lists them."""
