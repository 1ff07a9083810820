"""What is measured. Each function takes the bench and gives a part of the results; one that fails stops no other."""

from logging_in import log_in, log_in_instructions, storm
from processes import instructions, memory, sizes, start
from reading import answers, commands, growth, hangup, rates, reads
from writing import accepts, resets, subscriptions, write_commands

# What is measured, in this order, and how many seconds each may take at most.
WORKLOADS = {
    "answers": (answers, 120), "commands": (commands, 120), "write_commands": (write_commands, 60), "sizes": (sizes, 240),
    "start": (start, 240), "reads": (reads, 600), "memory": (memory, 240), "rates": (rates, 400), "resets": (resets, 300),
    "accepts": (accepts, 300), "log_in": (log_in, 200), "storm": (storm, 200), "subscriptions": (subscriptions, 200),
    "hangup": (hangup, 240), "instructions": (instructions, 500), "log_in_instructions": (log_in_instructions, 240),
    "growth": (growth, 2400),
}
SMALL = [name for name in WORKLOADS if name != "growth"]
LARGE = ["commands", "growth"]
