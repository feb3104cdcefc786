// Package applier carries out a plan: it sends the messages of every lane in
// order, creates missing users and groups through the messages that carry them,
// keeps to the app's limits, and settles every doubt by looking.
package applier
