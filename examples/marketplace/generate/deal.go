package main

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// market hands out people, items and phrases so that all are used about
// equally often.
type market struct {
	random *rand.PCG
	decks  map[string]*deck
	people deck
}

func newMarket() *market {
	m := &market{random: rand.NewPCG(2026, 1), decks: map[string]*deck{}}
	for name, lines := range phrases {
		m.decks[name] = &deck{size: len(lines)}
	}
	m.people.size = len(people)
	return m
}

// below returns a number from 0 to n-1. The little that some are likelier than
// others does not matter here, and the same everywhere matters.
func (m *market) below(n int) int { return int(m.random.Uint64() % uint64(n)) }

// chance reports true so many times of a hundred.
func (m *market) chance(percent int) bool { return m.below(100) < percent }

// deck is a pack of cards that is shuffled anew when it has been dealt out.
type deck struct {
	size  int
	cards []int
}

func (m *market) draw(d *deck) int {
	if len(d.cards) == 0 {
		for i := range d.size {
			d.cards = append(d.cards, i)
		}
		for i := len(d.cards) - 1; i > 0; i-- {
			j := m.below(i + 1)
			d.cards[i], d.cards[j] = d.cards[j], d.cards[i]
		}
	}
	card := d.cards[0]
	d.cards = d.cards[1:]
	return card
}

// drawPerson returns somebody who is not among those.
func (m *market) drawPerson(others ...string) person {
	for {
		p := people[m.draw(&m.people)]
		taken := false
		for _, other := range others {
			taken = taken || p.uid == other
		}
		if !taken {
			return p
		}
	}
}

// missed is how many of the items somebody else asked for in vain.
const missed = 16

// deals returns a deal for each item, and then those that came to nothing.
func (m *market) deals() []*deal {
	var deals []*deal
	for _, it := range items {
		seller := m.drawPerson()
		buyer := m.drawPerson(seller.uid)
		d := m.begin(it, it.id, buyer, seller)
		d.sell()
		deals = append(deals, d)
	}
	for i := range missed {
		sold := deals[i*len(items)/missed]
		buyer := m.drawPerson(sold.seller.uid, sold.buyer.uid)
		d := m.begin(sold.item, sold.item.id+"-2", buyer, sold.seller)
		d.day = sold.firstDay
		d.miss()
		deals = append(deals, d)
	}
	return deals
}

// deal is a conversation about one item.
type deal struct {
	id            string
	item          item
	buyer, seller person
	messages      []message

	market   *market
	values   []string
	day      int // days before the anchor
	firstDay int
	at       string // of the next message, when it begins a session
}

func (m *market) begin(it item, id string, buyer, seller person) *deal {
	d := &deal{id: id, item: it, buyer: buyer, seller: seller, market: m, day: 7 + m.below(20)}
	places := corners[seller.area]
	d.set("the", it.the)
	d.set("title", it.title)
	d.set("part", it.part)
	d.set("price", strconv.Itoa(it.price))
	d.set("buyer", buyer.first())
	d.set("seller", seller.first())
	d.set("sellerName", seller.name)
	d.set("thanks", buyer.thanks)
	d.set("area", seller.area)
	d.set("myArea", buyer.area)
	d.set("place", places[m.below(len(places))])
	return d
}

// set gives a word in braces its value.
func (d *deal) set(name, value string) { d.values = append(d.values, "{"+name+"}", value) }

func (d *deal) fill(text string) string {
	return strings.NewReplacer(d.values...).Replace(text)
}

// phrase draws one and fills it in.
func (d *deal) phrase(name string) string {
	text := d.fill(phrases[name][d.market.draw(d.market.decks[name])])
	first, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(first)) + text[size:]
}

// say adds a message some time after the last one.
func (d *deal) say(p person, text string) *message {
	m := message{From: p.uid, Text: text}
	switch {
	case d.at != "":
		m.At, d.at = d.at, ""
	case d.messages[len(d.messages)-1].From == p.uid:
		m.After = 8 + d.market.below(40)
	default:
		m.After = 25 + d.market.below(60) + d.market.below(4)*d.market.below(200)
	}
	d.messages = append(d.messages, m)
	return &d.messages[len(d.messages)-1]
}

func (d *deal) buyerSays(name string) *message  { return d.say(d.buyer, d.phrase(name)) }
func (d *deal) sellerSays(name string) *message { return d.say(d.seller, d.phrase(name)) }

// session goes on later: so many days after the last one, at about a clock
// time in minutes.
func (d *deal) session(days, minutes int) {
	d.day -= days
	minutes += d.market.below(25)
	d.at = fmt.Sprintf("-%dd %02d:%02d:%02d", d.day, minutes/60, minutes%60, d.market.below(60))
}

// sell is a conversation that ends with the item in other hands.
func (d *deal) sell() {
	d.firstDay = d.day
	d.session(0, 17*60+d.market.below(180))
	d.buyerSays("open").Label = "first"
	d.sellerSays("available")
	d.askFacts(len(d.item.facts))
	if d.market.chance(85) {
		d.askPhoto()
	}
	if d.market.chance(70) {
		d.buyerSays("askWhy")
		d.say(d.seller, d.item.why)
		if d.market.chance(60) {
			d.buyerSays("whyReply")
		}
	}
	d.settlePrice()
	if d.item.mail && d.market.chance(55) {
		d.byMail()
	} else {
		d.byHand()
	}
	d.afterwards()
}

// askFacts asks some of the item's facts, in any order.
func (d *deal) askFacts(n int) {
	facts := deck{size: len(d.item.facts)}
	for range n {
		fact := d.item.facts[d.market.draw(&facts)]
		d.say(d.buyer, fact[0])
		d.say(d.seller, fact[1])
		if d.market.chance(35) {
			d.buyerSays("ack")
		}
	}
}

func (d *deal) askPhoto() {
	d.buyerSays("askPhoto")
	d.sendPhoto(d.seller, "detail", d.item.caption)
	if d.market.chance(75) {
		d.buyerSays("photoAck")
	}
}

func (d *deal) sendPhoto(p person, what, caption string) {
	d.say(p, caption).Attachments = []string{fmt.Sprintf("https://example.com/marketplace/%s/%s.jpg", d.item.id, what)}
}

func (d *deal) settlePrice() {
	price := d.item.price
	if d.market.chance(25) {
		d.agreeOn(price)
		d.buyerSays("take").CustomData = offer(price)
		d.sellerSays("taken").Tags = []string{"deal"}
		return
	}
	step := 5
	if price < 60 {
		step = 2
	}
	low := price - (price/5)/step*step
	middle := low + (price-low)/2/step*step
	d.set("offer", strconv.Itoa(low))
	d.set("counter", strconv.Itoa(middle))
	d.agreeOn(middle)
	d.buyerSays("offer").CustomData = offer(low)
	d.sellerSays("counter").CustomData = offer(middle)
	d.buyerSays("agree")
	d.sellerSays("agreed").Tags = []string{"deal"}
}

func (d *deal) agreeOn(price int) { d.set("deal", strconv.Itoa(price)) }

func offer(price int) map[string]any { return map[string]any{"amount": price, "currency": "EUR"} }

// byHand is about meeting, and then they meet.
func (d *deal) byHand() {
	when := times[d.market.below(len(times))]
	d.set("time", when.words)
	d.buyerSays("askPickup")
	d.sellerSays("offerTime")
	d.buyerSays("timeFits")
	if !d.item.mail && !d.item.rolls() {
		d.buyerSays("askCarry")
		d.sellerSays("carry")
	}
	if d.market.chance(70) {
		d.buyerSays("askPay")
		d.sellerSays("pay")
	}
	d.buyerSays("closing")
	d.sellerSays("closingReply")

	d.session(1, 8*60+30)
	if d.market.chance(70) {
		d.buyerSays("stillOn")
		d.sellerSays("stillOnReply")
	}
	d.session(0, when.at-40)
	d.buyerSays("onMyWay")
	d.sellerSays("noRush")
	d.buyerSays("here").After = 12*60 + d.market.below(300)
	d.sellerSays("comingDown").Tags = []string{"handover"}
	if d.market.chance(85) {
		d.buyerSays("homeSafe").After = 40*60 + d.market.below(1800)
		d.sellerSays("homeSafeReply")
	}
}

// byMail is about a parcel, and then it travels.
func (d *deal) byMail() {
	d.buyerSays("askMail")
	d.sellerSays("mail")
	d.buyerSays("mailAgreed")

	d.session(1, 9*60)
	d.sendPhoto(d.seller, "parcel", d.phrase("packed"))
	d.buyerSays("packedReply")

	d.session(2, 12*60)
	d.buyerSays("arrived").Tags = []string{"handover"}
	d.sellerSays("arrivedReply")
}

// afterwards is how it turned out.
func (d *deal) afterwards() {
	d.session(2+d.market.below(2), 18*60)
	if d.market.chance(50) {
		d.sellerSays("howIsIt")
	} else {
		d.buyerSays("verdictOpen")
	}
	d.say(d.buyer, d.item.verdict)
	d.sellerSays("verdictReply")
	if d.market.chance(65) {
		d.buyerSays("hitchOpen")
		d.say(d.buyer, d.item.hitch[0])
		d.say(d.seller, d.item.hitch[1])
		d.buyerSays("hitchThanks")
	}
	if d.market.chance(75) {
		d.sendPhoto(d.buyer, "home", d.item.home)
		d.sellerSays("homeReply")
	}
	d.buyerSays("goodbye")
	d.sellerSays("goodbyeReply").Label = "last"
}

// miss is a conversation with somebody who came too late.
func (d *deal) miss() {
	d.session(0, 20*60+30)
	d.buyerSays("open").Label = "first"
	d.sellerSays("reserved")
	d.buyerSays("second")
	d.askFacts(3)
	if d.market.chance(50) {
		d.askPhoto()
	}
	d.sellerSays("willTell")

	d.session(1, 20*60)
	d.sellerSays("gone")
	d.buyerSays("goneReply")
	d.sellerSays("goneEnd").Label = "last"
}
