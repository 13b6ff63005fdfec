package tenet_test

func keyVerbs() []verb { return nil }
