"""One module a verb: parse, import, make one call, print."""
