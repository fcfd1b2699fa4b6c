"""Commands that end with a verdict and an exit status: `exact`, `paired` (`bench ab`) and `runs` (`bench compare`)."""
