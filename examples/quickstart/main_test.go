package main

func Example() {
	main()
	// Output:
	// a printed secret hides itself: [hidden]
	// authenticate: allow
	// gpt-4o: allow
	// gpt-4o-mini: deny model_not_enabled
	// usage: gpt-4o, 1 call, 120 output tokens, 0.0012 EUR
	// archived: deny project_archived
	// restored: allow
}
