// Package lang is the part of the configuration language that knows values:
// expressions, the names they may use, and the order in which they have to be
// evaluated. It is the one place that knows cty; what leaves it as a [Value]
// is asked for as Go strings, numbers and JSON.
//
// Every value is known, or stands for something whose mistake was reported
// already: an unknown [Value] is never an error of its own.
package lang
