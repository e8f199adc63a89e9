### The investigators' workbench. Short sentences; words of the trade; never a promise.

## Frame

skip = Go to the content
workbench = Workbench
sections = Sections
lock = Lock
back = Back
to-queue = Cases
the-handler = the service
outside-body = Outside body
lead = (lead)
unread = new
locks-soon = The workbench locks in a minute. Press a key to stay.
directory-expired = The directory has expired: nobody can report, and nobody gets new access. The administration must sign a new one.
directory-ends = { $count ->
    [0] The directory ends today. The administration must sign a new one.
    [one] The directory ends tomorrow. The administration must sign a new one.
   *[other] The directory ends in { $count } days. The administration must sign a new one.
}
bytes = { $count } B
kilobytes = { $count } kB
megabytes = { $count } MB

## Dates

date = { $day } { $month } { $year }
moment = { $day }, { $time } UTC
month-1 = Jan
month-2 = Feb
month-3 = Mar
month-4 = Apr
month-5 = May
month-6 = Jun
month-7 = Jul
month-8 = Aug
month-9 = Sep
month-10 = Oct
month-11 = Nov
month-12 = Dec
due-today = today
due-tomorrow = tomorrow
due-in = in { $count } days
due-late = { $count ->
    [one] late by a day
   *[other] late by { $count } days
}
no-deadline = no deadline

## Way in, and lock

open-heading = Welcome
open-what = This browser is let in. The workbench opens.
open-on = Open the workbench
open-void = This link is void
open-void-what = A link opens once, within ten minutes. If you did not open it yourself, somebody else did: stop the program and tell the administration. Otherwise ask for a new link in the terminal.
unlock-title = Locked
unlock-heading = Unlock
unlock-passphrase = Passphrase of your key
unlock-do = Unlock
unlock-wrong = The passphrase is wrong. Nobody can recover it for you.
unlock-no-key = There is no readable key in your folder. Make it first with the command “burkindi key new”.
unlock-lost = The workbench had locked itself. What you were sending was not done: unlock, and do it again.
unlock-idle = { $count ->
    [one] After a minute without activity the key is wiped from memory.
   *[other] After { $count } minutes without activity the key is wiped from memory.
}

## What goes wrong

trouble-title = Problem
trouble-failed = That did not work
trouble-do-failed = Try again. If it comes back, give the sentence below to the administration.
trouble-passphrase = The passphrase is wrong
trouble-do-passphrase = Try again.
trouble-refused = This is not allowed now
trouble-do-refused = Nothing was changed. Look at the case again: somebody may have acted before you.
trouble-nowhere = Nothing here
trouble-do-nowhere = This page, case or file does not exist, or is not for you.
trouble-unreachable = The case handler does not answer
trouble-do-unreachable = Check the network. Nothing was lost, and nothing was changed.
trouble-alarm = ALARM
trouble-do-alarm = Do not go on. Tell the outside body and the administration, and keep this sentence.
trouble-words = The program says:

## Cases

queue-title = Cases
queue-parts = Parts of the list
queue-mine = Mine
queue-open = All open
queue-due = Due
queue-unread = New
queue-closed = Closed
queue-none-mine = You have no case
queue-none-do-mine = Cases that nobody has taken yet are among the open ones. The most pressing come first.
queue-none-open = No open case
queue-none-do-open = New reports arrive here by themselves. Come back later.
queue-none-due = Nothing is due this week
queue-none-do-due = Cases come here when a deadline ends within seven days, or has passed.
queue-none-unread = Nothing new
queue-none-do-unread = Cases come here when something has happened since you last looked.
queue-none-closed = No closed case
queue-none-do-closed = It takes two to close a case: one person proposes, another approves.
queue-look-open = Look at the open cases
queue-further = Further down the list
column-case = Case
column-urgency = Urgency
column-next = To do
column-stage = Stage
column-who = Who has it
column-desk = Desk
column-filed = Filed
waits-for-second = waits for a second person
who-me = you
who-nobody = nobody
who-suggested = suggested: { $who }
urgency-P1 = 24 hours
urgency-P2 = 3 days
urgency-P3 = 7 days
urgency-P4 = 30 days
clock-acknowledge = first answer
clock-triage = triage
clock-assess = assessment
clock-investigate = investigation
clock-feedback = feedback to the reporter
clock-referral = look after the referral
stage-received = received
stage-triaged = triaged
stage-assessing = assessing
stage-investigating = investigating
stage-decided = decided
stage-referred = referred
stage-closed = closed

## One case

case-title = Case
case-pages = Pages of the case
case-unreadable = Unreadable report
tab-story = Report
tab-timeline = Timeline
alarms-heading = What is wrong in this case
outside-reads = can read it
outside-locked = access sealed
held = destruction forbidden
why-urgent = Why so urgent:
because-category = the category itself
because-person = decided by { $who }
release-filed = filed there from the start
release-missed-deadline = a deadline was missed
release-reporter-asked = the reporter asked for it
release-desk-conflicted = too few members without a conflict of interest
report-unreadable = The report cannot be read. See the alarms.
facts = Facts
reported-by = Reported by
must-not-reach = Must not reach
audience-trader = importer or exporter
audience-broker = customs broker
audience-carrier = carrier
audience-traveller = traveller
audience-officer = customs officer
audience-public = somebody else
exposed-heading = How exposed the reporter is
exposed-high = Very exposed: those concerned can guess who spoke, or the reporter is threatened.
exposed-raised = Exposed: some answers can point to the reporter.
exposed-low = Little exposed, as far as the answers tell.
exposed-unknown = The answers tell nothing of it. Act as if the reporter were exposed.
exposed-care = Before each step ask yourself: who, on hearing of it, would know where it comes from?
story-heading = In their own words
story-empty = The reporter wrote nothing.
files-heading = Attached files
files-none = No file.
file-of-message = message { $number }
file-says = The sender calls it { $kind }
picture-alt = Picture attached by the reporter
picture-how = Made anew from the pixels alone, by a confined program. Nothing else of the file was opened.
file-save-heading = Save the file as it came
file-save-warning = A stranger made this file. Open it only on a machine without a network, with a viewer that confines it, such as Dangerzone. Never by a double click. Once saved it is no longer sealed: delete it afterwards.
file-hash = SHA-256:
file-save = Save
file-damaged = This file is not the one that the report names
timeline-heading = What happened
timeline-signed = Each line is signed with the key of who acted, and tied to the one before.
column-when = When
column-actor = Who
column-what = What

## Events

event-received = report filed at desk { $desk }, urgency { $urgency }
event-followed-up = the reporter sent something more
event-released = the outside body can read it: { $reason }
event-claimed = took the case, declaring no conflict of interest
event-assigned = gave the case to { $to }
event-recused = stepped back because of a conflict of interest
event-moved = { $from } → { $to }
event-replied = answered the reporter
event-noted = added a note
event-raised = raised the urgency to { $urgency }
event-rotated = made new keys (generation { $generation })
disposition-substantiated = substantiated
disposition-partly-substantiated = partly substantiated
disposition-unsubstantiated = unsubstantiated
disposition-insufficient-information = insufficient information
disposition-out-of-scope = out of scope
disposition-duplicate = duplicate
disposition-advice-given = advice given
disposition-process-fix-adopted = process fix adopted

## Alarms

alarm-forged = Something was forged.
alarm-unknown-actor = Somebody unknown signed.
alarm-broken-link = The chain of the log is broken.
alarm-broken-case = The chain of this case is broken.
alarm-refused-move = A signed act that the rules do not allow.
alarm-rollback = An old state is shown for the newest.
alarm-state-differs = The service tells another state than the signed events do.
alarm-reordered = What was written stands in another order than it was filed in.
alarm-replayed = The same message came twice.
alarm-withheld = Something that should be here is missing.
alarm-unopenable = Something does not open.
alarm-recipient-changed = Replies would go to another key than before.
alarm-damaged = Data differ from their hash.
alarm-sent-beside = Two messages crossed.
alarm-former-member = Somebody who is no longer a member acted.
alarm-expired = The directory has expired.
alarm-clock = Dates run backwards.
alarm-missing-directory = A directory is missing in the row.

## Keys

keys-title = Keys
keys-heading = How your keys are
health-passphrase = Passphrase
health-folder = Folder of the key
health-backup = Backup sheet
health-seat = Seat in the directory
health-directory = Directory
health-colleagues = Colleagues
health-passphrase-well = Guessing your passphrase is expensive.
health-passphrase-wrong = Your key is not protected enough. Seal it again: “burkindi key passphrase”.
health-folder-well = Nobody else on this computer can read the folder of your key.
health-folder-wrong = Other people of this computer can read the folder of your key. Close it.
health-backup-well = A sheet of this key was made.
health-backup-soon = There is no sheet of this key. Make one (“burkindi key backup”) and lock it away in another building.
health-seat-well = The directory names this key.
health-seat-wrong = The directory does not name this key for you. Tell the administration at once.
health-directory-well = The directory is good.
health-directory-soon = The directory ends soon. The administration must sign a new one.
health-directory-wrong = The directory has expired. Nobody can report.
health-colleagues-well = Your desk does not depend on one person.
health-colleagues-soon = You are too few: an absence or a conflict leaves a case to one person.
outcome-well = well
outcome-soon = to do soon
outcome-wrong = to be mended now
keys-words = The words of your key
keys-words-what = The administration compares them with you, in person, before it gives you a seat.
keys-refused = Refused requests
keys-refused-count = { $count ->
    [0] Since the start nothing strange has knocked at this workbench.
    [one] Since the start one strange request was refused: from another page, for another address, or without having been let in.
   *[other] Since the start { $count } strange requests were refused: from other pages, for other addresses, or without having been let in.
}

## Administration

administration-title = Administration
administration-heading = Desks and members
administration-what = All of this stands in the signed directory. To change it takes the root keys, which are kept offline: “burkindi admin”.
directory-number = Directory
directory-issued = Signed
directory-until = Good until
route-heading = Who would read this report?
route-what = The same decision that the reporter’s device makes.
route-category = Category
route-audience = Reported by
route-excluded = Who must not receive it
route-do = Try
route-desk = Desk: { $desk }.
route-fallback = That is the outside body, for no other desk can take it.
route-readers = Read it at once
route-locked = Access sealed
route-idle = Keep nobody away
route-without = Without access, and why
without-seat = does not sit at this desk
without-excluded = the reporter excluded them, or their unit
desks-heading = Desks
members-heading = Members
column-members = Members
column-categories = Categories
column-audiences = Audiences
audiences-all = all
column-member = Member
column-covers = Belongs to
column-languages = Languages

## Help

help-title = Help
help-heading = Help
help-keys = On the keyboard
help-keys-what = These keys act outside of fields.
help-key = Key
help-does = Does
help-rows = next case, case before
help-open = open the chosen case
help-queue = list of cases
help-up = from the case up to the list
help-tabs = pages of the case
help-help = this page
help-shortcuts = Single keys act
help-keep = Keep this choice
help-safety = What protects you
help-idle = { $count ->
    [one] After a minute without activity the key is wiped from memory and the screen locks.
   *[other] After { $count } minutes without activity the key is wiped from memory and the screen locks.
}
help-one-browser = One browser is let in at a time, by a link that works once.
help-files = Images can be looked at here without danger. Any other file belongs on a machine without a network.
help-print = A printed case is no longer sealed. Lock it away.
done-kept = Your choice is kept.

## Messages

tab-messages = Messages
tab-notes = Notes
week = week of { $day }
messages-heading = Messages
messages-none = No message yet. A person of the team answers within seven days.
message-ours = To the reporter
message-theirs = From the reporter
message-seen = seen
message-unseen = not seen yet, as far as is known
write-heading = Write to the reporter
write-lang = Language of the message
write-letter = Letter
write-insert = Insert
write-text = Message
write-care = Whoever finds the receipt reads this message. Ask for facts, never who they are. Repeat no name, no number, none of their words.
write-send = Send
write-check-again = Check again and send
write-despite = Send all the same
risks-heading = This message could expose the reporter. It was not sent.
risks-what = Say it in another way, or send it all the same if you are certain.
risk-asks-who = It asks who they are, or leads to another way of talking.
risk-number = It repeats a number that they gave: { $words }.
risk-name = It repeats a name that they gave: { $words }.
risk-quotation = It repeats their own words: “{ $words }”.
text-empty = The text is empty.
text-too-long = The text is too long by about { $count } characters. Send it in two parts.
text-overtaken = Something happened in this case while you were writing, and your text was not sent. Read what is new, change your text if need be, and send it.
text-unfilled = There is still a place to fill in: { $gap }
done-replied = The message is laid out. The reporter finds it at the next visit.
unlock-kept = The workbench had locked itself. Your text is kept: unlock to go on.

## Notes

notes-fact = Facts
notes-hypothesis = Hypotheses
notes-task = To do
notes-none-fact = Nothing established yet.
notes-none-hypothesis = No hypothesis.
notes-none-task = Nothing to do.
note-heading = Add a note
note-kind = It is
note-fact = an established fact
note-hypothesis = a hypothesis
note-task = a task
note-text = Note
note-sealed = Sealed to this case. Who can read the case can read the note; the reporter cannot.
note-add = Add
done-noted = The note is added.

## Search

search-title = Search
search-words = Words to look for
search-how = Beginnings of words are enough. "in quotes": together. -word: without it. Accents and letter case do not count.
search-do = Search
search-any = any
search-no-words = Type at least one word.
search-undeclared = { $count ->
    [one] One of your cases was not looked through: you have not declared in it.
   *[other] { $count } of your cases were not looked through: you have not declared in them.
}
search-found = { $count ->
    [0] Nothing found in the cases that you can read
    [one] One case found
   *[other] { $count } cases found
}
column-category = Category
alarms-found = While the cases were read, this was found
tab-related = Related
related-heading = Cases that could be about the same
related-none = No other case that you can read has something telling in common with this one.
tie-file = the same file is attached
tie-number = the same number: { $values }
tie-place = the same concern at the same place: { $values }
tie-words = words that few cases have: { $values }
help-search = search
help-write = write a message, a note

## Acts

tab-actions = Act
stage-purged = destroyed
clock-challenge = judge a conflict of interest
clock-reopen = answer or reopen
release-desk-asked = a member of the desk asked for it
release-referral = it decides on a referral
declare-heading = Before you open it: have you a conflict of interest?
declare-what = Nothing of the content is shown before you answer. The answer is signed and stays in the log. There is a conflict if:
declare-kin = a relative, a friend or an opponent of yours may be concerned;
declare-work = your unit, your superior or a subordinate may be, or you yourself;
declare-gain = you could gain or lose something by it.
declare-told = What the report says of this
declare-claim = I have none, and take the case
declare-conflict = I have a conflict of interest
act-declare = I have no conflict of interest: open
act-claim = Take the case
claim-declares = By taking it you declare to have no conflict of interest.
act-assign = Give
assign-to = Give the case to
act-escalate = Give the outside body access
act-recuse = Step back
recuse-what = The case disappears for you, for good. Delete what you saved of it.
act-challenge = Claim a conflict of interest
challenge-what = Until it is judged, this person can only step back. Say why in a note.
judge-what = A conflict of interest of { $who } is claimed.
judge-upheld = There is one: take the access away
judge-not = There is none
acts-who = Who has it
acts-stage = Stage and urgency
acts-two = By two
acts-two-what = One person proposes, another approves the very same.
first-read = Before closing: the reporter wrote something that is not dealt with yet.
first-answer = Before closing: answer the reporter.
first-feedback = Before closing: tell the reporter what was done, and why. That is “the feedback”, on the page Messages.
first-retention = The content can be destroyed from { $day } on.
act-triage = Triage is done
act-assess = Begin the assessment
act-investigate = Open the investigation
act-decide = Decide
act-take-back = Take the case back
act-track = The referral was looked after
act-reopen = Reopen
act-read = What the reporter wrote is dealt with
act-hold = Forbid its destruction
act-raise = Raise the urgency to
raise-do = Raise
act-link = Link with another case
link-how = The first characters of its number. Who reads the one must be able to read the other.
link-do = Link
act-propose-close = Close
duplicate-of = For a duplicate: the case that has the matter
propose-do = Propose
decision-close = Close
decision-lower = Lower the urgency
decision-refer = Refer it to an authority
decision-lift-hold = Allow its destruction again
decision-purge = Destroy the content
refer-to = To whom
refer-consent = The reporter agrees
refer-message = Number of the message that agrees
consent-summary = to a summary, in the report
consent-full = as written, in the report
consent-asked = was asked, and agreed in a message
consent-law = not, but a law demands it
authority-prosecutor = public prosecutor
authority-police = police or gendarmerie
authority-anti-corruption = authority against corruption
authority-audit = court of audit or state inspection
authority-ombudsman = ombudsman
authority-administration = another administration
proposed-by = { $who } proposes:
proposed-waits = Another person must approve.
act-approve = Approve
act-withdraw = Take the proposal back
act-rotate = Make new keys
rotate-what = Whoever is left out reads nothing of what comes. What was read stays read.
rotate-without = Leave out
reason-disciplinary = disciplinary measure
reason-prosecution = criminal prosecution
reason-recovery = recovery
reason-other-measure = another measure
reason-disproved = the facts are others
reason-no-evidence = nothing found, for or against
reason-too-vague = too vague to check
reason-no-answer = no answer to the questions that are needed
reason-not-integrity = not about integrity
reason-other-body = for another body
reason-same-matter = another case has the matter
reason-answered = the question was answered
reason-procedure = a procedure was changed
reason-training = people were trained
reason-system = a system was changed
done-acted = Done, signed and in the log.
done-declared = Your declaration is signed and in the log.
done-gone = Done. The case is no longer there for you.
write-purpose = This message is
purpose-message = a question or news
purpose-feedback = the feedback: what was done, and why
purpose-renew = the announcement of 90 more days of investigation, with the reason
event-declared = declared to have no conflict of interest
event-challenged = claimed a conflict of interest of { $who }
event-judged-yes = found a conflict of interest: { $who } has lost the case
event-judged-no = found no conflict of interest of { $who }
event-reopened = opened the case again
event-proposed-close = proposed to close it: { $disposition } ({ $reason })
event-approved-close = approved the closing: { $disposition } ({ $reason })
event-proposed-lower = proposed to lower the urgency to { $urgency }
event-approved-lower = approved lowering the urgency to { $urgency }
event-proposed-refer = proposed to refer it: { $to }
event-approved-refer = approved the referral: { $to }
event-proposed-lift-hold = proposed to lift the legal hold
event-approved-lift-hold = approved lifting the legal hold
event-proposed-purge = proposed to destroy the content
event-approved-purge = approved destroying the content
event-withdrawn = took the proposal back
event-renewed = gave the investigation 90 more days, and told the reporter why
event-read = dealt with what the reporter wrote
event-tracked = looked after the referral
event-linked = linked another case
event-escalated = gave the outside body access
event-held = put a legal hold on it
