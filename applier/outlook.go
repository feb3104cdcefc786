package applier

import (
	"sync/atomic"
	"time"

	"github.com/sowdev/sow/planner"
)

// outlook is the work of the plan's forecast, less what is done.
type outlook struct {
	load    planner.Load
	slowest *sender // whom the forecast says to be the slowest
	total   int64
	done    atomic.Int64
}

func (r *run) foresee() {
	f := &r.plan.Forecast
	r.outlook.load = f.Load()
	r.outlook.total = int64(total(r.plan.Counts))
	if f.SlowestSender != "" {
		r.outlook.slowest = r.Rates.sender(f.SlowestSender)
	}
}

// left is how long the rest of the apply takes by the model of the forecast,
// with the limits that are kept to by now.
func (r *run) left() time.Duration {
	o := &r.outlook
	rest := o.load
	calls, coreCalls := int(r.requests.Load()), int(r.coreCalls.Load())
	rest.Requests = max(0, rest.Requests-(calls-coreCalls))
	rest.CoreRequests = max(0, rest.CoreRequests-coreCalls)
	rest.PerMinute, rest.CorePerMinute = r.Rates.perMinute(standard), r.Rates.perMinute(core)
	if o.slowest != nil {
		sent, limit := o.slowest.progress()
		rest.SenderMessages, rest.SenderPerMinute = max(0, rest.SenderMessages-sent), limit
	}
	if done := o.done.Load(); o.total > 0 {
		rest.LongestLane = int(int64(rest.LongestLane) * max(0, o.total-done) / o.total)
	}
	return time.Duration(rest.Seconds() * float64(time.Second))
}
