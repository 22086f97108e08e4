"""Sentences of errors that have spans in them, and of defects."""

FAULT = "Something broke on our side. Nothing was charged; please try again. (Fault {fault})"
ELSEWHERE = "Pictures are made in other channels here. Please ask in {channels}."
UNKNOWN_COMMAND = "There is no command {command}. Type {help} to see what there is."
UNKNOWN_COMMAND_NEAREST = "There is no command {command}. Did you mean {nearest}?"
