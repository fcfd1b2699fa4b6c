"""The first files of a service: `bench init` asks the app and tries requests, `bench record` reads recorded traffic."""
