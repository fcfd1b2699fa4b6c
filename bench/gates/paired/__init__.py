"""`bench ab`, `bench noise`: two arms over real servers, loaded slice by slice; begin with `gate` and `noise`."""
