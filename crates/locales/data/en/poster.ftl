# Posters and cards that an administration prints: `burkindi admin poster`. A sentence has at most
# 18 words. `{ $body }` is the configured name of the oversight body.

poster-title = Poster
card-title = Cards
poster-heading = A problem at customs? Say so.
poster-anonymous = No name. No account. No number.
poster-what = You can speak about all of this
poster-open = Open this address
poster-scan = Or point the camera of your phone at this square.
poster-later = Note the address here. Open it later, away from work.
poster-onion = With the Tor browser:
poster-need = What you need
poster-need-phone = A phone is enough. We do not ask for your name.
poster-need-address = We do not store your internet address.
poster-need-code = The page gives you a secret code. Note it: with it you read the answer.
poster-never = What you should never do
poster-never-network = Do not use the office network, or a phone or computer from work.
poster-never-code = Show your secret code to no one.
poster-limit = Your operator may see that you visit this site. The Tor browser hides it.
poster-readers = Who reads your report
poster-readers-desk = The small team in charge of the subject. You choose who must not see it.
poster-readers-desks = The teams:
poster-readers-body = Sometimes this authority outside customs too: { $body }.
poster-call = Outside customs, you can call
poster-words = The twelve words of our keys
poster-words-compare = The page “How we protect you”, in English, shows these words. If one word differs, do not report there.
poster-danger = Is a life in danger? Call { $number } first.
card-hide = Keep this card out of sight.
