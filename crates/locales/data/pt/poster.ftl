# Posters and cards that an administration prints: `burkindi admin poster`. A sentence has at most
# 18 words. `{ $body }` is the configured name of the oversight body.

poster-title = Cartaz
card-title = Cartões
poster-heading = Um problema na alfândega? Diga-o.
poster-anonymous = Sem nome. Sem conta. Sem número.
poster-what = Pode falar de tudo isto
poster-open = Abra este endereço
poster-scan = Ou aponte a câmara do telefone para este quadrado.
poster-later = Anote aqui o endereço. Abra-o mais tarde, longe do trabalho.
poster-onion = Com o navegador Tor:
poster-need = Do que precisa
poster-need-phone = Basta um telefone. Não pedimos o seu nome.
poster-need-address = Não guardamos o seu endereço de internet.
poster-need-code = A página dá-lhe um código secreto. Anote-o: com ele lê a resposta.
poster-never = O que nunca deve fazer
poster-never-network = Não use a rede do escritório, nem um telefone ou computador do trabalho.
poster-never-code = Não mostre o seu código secreto a ninguém.
poster-limit = A operadora pode ver que visita este sítio. O navegador Tor esconde-o.
poster-readers = Quem lê a sua denúncia
poster-readers-desk = A pequena equipa responsável pelo assunto. Escolhe quem não a deve ver.
poster-readers-desks = As equipas:
poster-readers-body = Por vezes também esta autoridade, fora da alfândega: { $body }.
poster-call = Fora da alfândega, pode ligar para
poster-words = As doze palavras das nossas chaves
poster-words-compare = A página «Como o protegemos», em português, mostra estas palavras. Se uma palavra for diferente, não denuncie lá.
poster-danger = Uma vida está em perigo? Ligue primeiro para o { $number }.
card-hide = Guarde este cartão fora da vista.
