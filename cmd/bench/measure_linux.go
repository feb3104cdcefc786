package main

// maxrssUnit is what Rusage.Maxrss counts: kilobytes on Linux.
const maxrssUnit = 1024
