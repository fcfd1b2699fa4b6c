"""The first files of a service: `bench init` looks at the app, draws requests from its schema and tries them."""
