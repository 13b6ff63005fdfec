package tenet_test

func organizationVerbs() []verb { return nil }
