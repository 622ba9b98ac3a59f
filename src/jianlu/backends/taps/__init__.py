"""Where recorders get media from: the tap of a process that holds rooms."""
