package main

// room is a group of the marketplace, with what is said in it.
type room struct {
	guid, name, description, owner string
	threads                        []thread
}

// thread is a few messages that belong together. It begins days before the
// anchor, at a clock time.
type thread struct {
	daysAgo int
	clock   string
	posts   []post
}

// post is one message in a room, so many minutes after the previous one.
type post struct {
	after     int
	from      string
	text      string
	image     string
	important bool
}

var rooms = []room{
	{"ask-the-neighbours", "Ask the neighbours", "Tips, questions, recommendations. Somebody here knows.", "clara-vogel", []thread{
		{26, "18:05", []post{
			{0, "felix-baum", "Does anyone know a locksmith who doesn't charge a month's rent? I'm on the right side of my door, but only just.", "", false},
			{7, "ida-larsen", "The one next to the swimming pool. He tells you the price before he touches anything.", "", false},
			{3, "pavel-horak", "Second that. And he showed me how to oil the lock so that I don't need him again.", "", false},
			{41, "felix-baum", "He was here, twenty minutes, 45 €, very friendly. Thank you both!", "", false},
		}},
		{23, "09:40", []post{
			{0, "hana-kimura", "Good morning! Which of the weekly markets has the best vegetables?", "", false},
			{12, "greta-olsson", "The one in Gohlis, early. After ten the good tomatoes are gone.", "", false},
			{6, "mateo-garcia", "And at the end, before they pack up, they give you things for next to nothing. Bring a bag.", "", false},
			{2, "hana-kimura", "So both ends of the day. I'll buy an alarm clock 😄", "", false},
		}},
		{19, "20:15", []post{
			{0, "zofia-nowak", "My upstairs neighbour practises the trumpet from eight to nine. He's really good. How do I tell him that I like it?", "", false},
			{5, "david-levi", "Request a song. Put a note in his letterbox.", "", false},
			{4, "alma-jensen", "Clap when he's done. Through the ceiling.", "", false},
			{1450, "zofia-nowak", "I put up a note. Tonight he played it. I'm still standing in my kitchen.", "", true},
		}},
		{14, "12:30", []post{
			{0, "samir-haddad", "Is the bridge over the canal open again?", "", false},
			{9, "joao-pereira", "On foot and by bike, yes. Cars from next month, says the sign.", "", false},
			{1, "samir-haddad", "Thanks! That saves me the long way round.", "", false},
		}},
		{9, "17:50", []post{
			{0, "mei-lin", "Where do you all take your old batteries and bulbs?", "", false},
			{4, "henrik-dahl", "The yellow kiosk has a box for both.", "", false},
			{11, "paula-winter", "And the recycling yard takes everything else, until six, Saturdays until two.", "", false},
			{3, "mei-lin", "Perfect, the drawer can finally be opened again.", "", false},
		}},
		{4, "19:20", []post{
			{0, "ines-costa", "We'd like to have a table and benches for the street party. Who has some to lend?", "", true},
			{6, "kofi-mensah", "Two sets in our cellar. You'd only have to carry them up.", "", false},
			{3, "simon-keller", "I have a garden table and strong arms.", "", false},
			{8, "ines-costa", "You are the best street in this town. I'll bring the cake to both of you.", "", false},
		}},
	}},
	{"transport", "Rides and transport", "Vans, trailers, spare seats and helping hands.", "emil-novak", []thread{
		{25, "08:30", []post{
			{0, "julia-berg", "I'm driving from Plagwitz to Gohlis tomorrow at noon, with an empty van. Does anybody need something moved?", "", false},
			{14, "arjun-mehta", "A mattress! From the footbridge to the station. Would that be on your way?", "", false},
			{4, "julia-berg", "Nearly. I'll be at the footbridge at ten past twelve.", "", false},
			{1685, "arjun-mehta", "Slept like a stone. Thank you, Julia!", "", false},
		}},
		{20, "16:10", []post{
			{0, "oskar-krause", "Has anyone got a cargo bike to borrow for a day? I'm fetching two plants that are larger than me.", "", false},
			{5, "elif-demir", "The library lends them, three hours for free. You book it at the counter.", "", false},
			{2, "oskar-krause", "The library! Of course. Thank you.", "", false},
			{1500, "oskar-krause", "It worked. I've never been greeted so often on the street.", "https://example.com/marketplace/rooms/cargo-bike.jpg", false},
		}},
		{15, "19:00", []post{
			{0, "nina-petrova", "Who could help to carry a piano bench and some boxes on Saturday morning? Third floor. There will be breakfast.", "", true},
			{3, "tomas-silva", "You had me at breakfast.", "", false},
			{9, "noah-wagner", "I can be there from nine, and I own gloves.", "", false},
			{4, "nina-petrova", "Then we are enough. Rolls, jam, and the good coffee.", "", false},
		}},
		{10, "13:25", []post{
			{0, "lucas-moreau", "Does the late tram still go all the way to the water tower?", "", false},
			{6, "lena-schuster", "Until half past midnight. After that there's the night bus, every half hour.", "", false},
			{2, "lucas-moreau", "Merci! Then I can stay for dessert.", "", false},
		}},
		{7, "18:35", []post{
			{0, "marta-kowalska", "I've got a trailer for a bike that stands around most of the week. If you'd like to borrow it, write to me. It carries 40 kg, or two children who sing.", "https://example.com/marketplace/rooms/trailer.jpg", false},
			{11, "leo-brandt", "Would it carry a bench of 150 cm?", "", false},
			{3, "marta-kowalska", "Lengthwise, with a red cloth at the end. I'll lend you the cloth too.", "", false},
			{1, "leo-brandt", "Reserved, please!", "", false},
		}},
		{3, "11:15", []post{
			{0, "emil-novak", "Just a reminder: if you drive for somebody, agree about petrol beforehand. Five euros across town is what most of us take.", "", true},
			{22, "aisha-karim", "Or a jar of jam.", "", false},
			{2, "emil-novak", "Or a jar of jam. That's the better currency.", "", false},
		}},
	}},
	{"repair-cafe", "Repair café", "Broken things and the people who fix them.", "simon-keller", []thread{
		{24, "19:30", []post{
			{0, "yuna-park", "My toaster only toasts one side. Is that a philosophical problem or an electrical one?", "", false},
			{6, "simon-keller", "Electrical. One of the wires is broken, most likely. Bring it on Wednesday, it takes half an hour.", "", false},
			{2, "ravi-nair", "Please unplug it before you look inside. I say this from experience.", "", false},
			{2900, "yuna-park", "Both sides! And I soldered it myself. I'm telling everyone.", "https://example.com/marketplace/rooms/toaster.jpg", false},
		}},
		{18, "20:05", []post{
			{0, "anouk-dubois", "The zip of my favourite coat has lost a tooth. Is there any hope?", "", false},
			{9, "fatima-bello", "A new slider helps more often than one thinks. I have a box of them.", "", false},
			{4, "anouk-dubois", "Could I come by this week?", "", false},
			{2, "fatima-bello", "Thursday, from five. There's tea.", "", false},
		}},
		{12, "17:15", []post{
			{0, "sofia-rossi", "Which glue holds porcelain, so that one can drink from it again?", "", false},
			{13, "hugo-lambert", "One that's safe for food, it says so on the tube. Clean the edges, and press for a full day with rubber bands.", "", false},
			{3, "clara-vogel", "And accept that it has a scar. Mine has three, and it's still the one I take.", "", false},
		}},
		{8, "18:45", []post{
			{0, "jakob-stein", "I've sharpened all our kitchen knives and now I'd like to go on. Who has blunt ones?", "", false},
			{2, "omar-aziz", "Everyone. The question is who admits it.", "", false},
			{5, "maya-fischer", "I admit it. Six of them, and a pair of scissors.", "", false},
			{2, "jakob-stein", "Bring them on Wednesday. I'll do them while you have coffee.", "", false},
		}},
		{2, "12:00", []post{
			{0, "simon-keller", "Next repair café: Wednesday, five to nine, in the old mill. Last time we saved 31 of 38 things. Bring the other seven back, we've been thinking about them.", "https://example.com/marketplace/rooms/poster.png", true},
			{16, "ida-larsen", "I'll bake.", "", false},
			{3, "ravi-nair", "And I'll bring the good screwdrivers.", "", false},
		}},
	}},
	{"for-free", "For free", "Things that cost nothing but a message.", "greta-olsson", []thread{
		{22, "10:20", []post{
			{0, "paula-winter", "Twelve jam jars with lids, washed. In front of my door, next to the plant.", "https://example.com/marketplace/rooms/jars.jpg", false},
			{8, "aisha-karim", "Mine! I have eleven kilos of plums and no plan.", "", false},
			{130, "aisha-karim", "Picked up. One of them comes back full.", "", false},
		}},
		{17, "18:25", []post{
			{0, "henrik-dahl", "Moving boxes, around twenty, some with poetry on them (\"kitchen, misc., heavy, sorry\").", "", false},
			{3, "nina-petrova", "I'd take all of them. When may I come?", "", false},
			{5, "henrik-dahl", "Any time this evening. I'll read them to you.", "", false},
		}},
		{13, "09:10", []post{
			{0, "joao-pereira", "Cuttings of a very willing spider plant. It has had nine children this month alone.", "https://example.com/marketplace/rooms/cuttings.jpg", false},
			{19, "hana-kimura", "One for me, please!", "", false},
			{6, "kofi-mensah", "And one for the office, it needs somebody cheerful.", "", false},
			{4, "joao-pereira", "Both are potted and have your names on them.", "", false},
		}},
		{6, "16:40", []post{
			{0, "david-levi", "Found: a small blue mitten, by the fountain. It's on the railing, waving.", "https://example.com/marketplace/rooms/mitten.jpg", false},
			{55, "elif-demir", "That's my son's! We have been a one-mitten household since morning. Thank you!!", "", false},
			{2, "david-levi", "It looked like it knew that you would come.", "", false},
		}},
		{2, "19:10", []post{
			{0, "greta-olsson", "A thought for all of us: if something is taken, please write \"taken\" below it. People cross the whole town for jam jars.", "", true},
			{7, "noah-wagner", "Taken. (The thought.)", "", false},
			{3, "greta-olsson", "Thank you, Noah 😄", "", false},
		}},
	}},
}
