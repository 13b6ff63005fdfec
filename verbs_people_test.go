package tenet_test

func peopleVerbs() []verb { return nil }
