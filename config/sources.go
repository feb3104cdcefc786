package config

// sources remembers where the bytes of the loaded files are, for diagnostics
// that quote them.
type sources struct{}
