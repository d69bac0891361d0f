"""What a model costs on the device that runs it: scenarios, a record of a run, doubts."""
