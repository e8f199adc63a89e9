### As páginas de quem denuncia. Palavras simples, quinze palavras por frase no máximo.

## Moldura

skip = Ir para o conteúdo
leave = Sair do site
languages = Línguas
back = Voltar
change = Mudar
cover = Ocultar
required = (obrigatório)
footer-kept = Este site não pede o seu nome e não guarda endereço de internet nem cookies.
protect-link = Como o protegemos
step = Passo { $number }/{ $last }
seal = O nosso site recebe o que escreve e fecha-o à chave antes de o guardar.
seal-short = O nosso site lê o que escreve e protege-o com chave.
emergency = Uma vida está em perigo? Ligue primeiro para o { $number }.

## Ajuda falada

listen-size = { $size } MB
listen-off = Parar a ajuda falada
listen-item = Ouvir:
listen-stop = Parar
listen-wait = O som está a chegar. Pode demorar vários minutos.
listen-ready = Toque num altifalante. As pessoas próximas podem ouvir: use auriculares.
listen-failed = O som não chegou. Verifique a ligação e tente de novo.
listen-unsupported = Este navegador não consegue reproduzir o som.

## Datas

date-day = { $day } de { $month } de { $year }
date-first = 1 de { $month } de { $year }
date-week = semana de { $day }
month-1 = janeiro
month-2 = fevereiro
month-3 = março
month-4 = abril
month-5 = maio
month-6 = junho
month-7 = julho
month-8 = agosto
month-9 = setembro
month-10 = outubro
month-11 = novembro
month-12 = dezembro

## Início

home-title = Início
home-heading = Um problema na alfândega? Diga-o.
home-lead = Sem conta, sem dar o seu nome.
home-promise-who = É você que escolhe quem não a deve ver.
home-device = Use o seu próprio telefone, não a rede do escritório.
home-held = Retêm os seus papéis? Peça com cortesia a tabela oficial.
home-report = Denunciar
home-return = Acompanhar a minha denúncia
home-advice = Pedir conselho
home-learn = O que faria?
home-outside-what = Fora da alfândega:

## Aprender

learn-title = Aprender
learn-heading = O que faria?
learn-lead = Situações curtas do trabalho na alfândega. Toque numa resposta para ver o que acontece.
learn-untracked = As suas respostas não saem do seu aparelho.
learn-what = O que faria?
learn-sound = Uma boa escolha.
learn-unsound = Não é a melhor escolha.
learn-seen = Já viu algo parecido? O assunto a escolher:
learn-report = Denunciar isto

## Antes de começar

before-device = Use o seu próprio telefone ou computador.
before-device-why = Não use os do trabalho.
before-network = Evite a rede do escritório.
before-network-why = O Wi-Fi do escritório pode mostrar quem abriu esta página.
before-photos = As fotos e os ficheiros podem mostrar quem é.
before-photos-why = Muitas vezes contêm o lugar, a data ou o nome do aparelho.
before-danger-why = Este site não é um serviço de emergência.
before-limit-facts = Um facto que poucos conhecem pode apontar para si.
before-limit-history = O seu telefone pode lembrar esta visita. Use uma janela privada.

## Escolha

audience-heading = O que o descreve melhor?
audience-hint = Ajuda a escolher a equipa e é enviado com o que escreve.
subject-title = Passo 1
subject-heading = De que se trata?
case-title = Passo 2
case-heading = Que caso é mais parecido?
choose-unsure = Não sei
choose-advice = Quero um conselho
tell-title = Passo 3
advice-tell-title = Conselho, passo 2
advice-review-title = Conselho, passo 3
tell-heading-advice = Faça a sua pergunta
tell-quick = Se souber
tell-speak = Ou fale
tell-facts = Juntar pormenores
facts-title = Pormenores
facts-heading = Pormenores que ajudam
facts-hint = Responda ao que puder. Deixe o resto vazio.
facts-you = Você

## Perguntas

questions-where = Onde e quando
questions-what = Os factos
questions-who = As pessoas em causa
questions-exclude = Quem não deve ver a denúncia
questions-you = A sua segurança e o que acontece a seguir
questions-few = Alguns factos
gentle-heading = O ritmo é seu
gentle-pace = Conte hoje só o que quiser. Pode deixar vazia qualquer pergunta.
gentle-later = Pode enviar muito pouco. Com o seu código secreto pode acrescentar mais tarde.
gentle-fault = O que lhe fizeram não é culpa sua.
gentle-support = Alguém com quem falar
questions-review = Continuar
questions-back = Toque em «{ questions-review }» antes do botão Voltar do aparelho. Senão, este texto perde-se.
questions-keep = Mantenha esta página aberta, ou guarde um rascunho. Se não, perde-se o que escreveu.
no-answer = Escolher
radio-none = Sem resposta
only-if = Só se respondeu «{ $answers }» a «{ $question }»
list-or = {" ou "}
period-date = Dar uma data
period-words = Uma data, ou por exemplo «início de maio»
guarded-anyway = Quero dá-lo mesmo assim
format-example = Exemplo: { $example }

## Erros ao escrever

wrong-title = {"Erro: "}
wrong-heading = Há algo a corrigir
wrong-choice = Esta opção já não existe. Escolha de novo.
wrong-option = Escolha uma das respostas da lista.
wrong-story-missing = Escreva algumas palavras. Basta uma frase.
wrong-message-missing = Escreva uma mensagem ou junte um ficheiro.
wrong-receipt-missing = Escreva o seu código secreto, ou as suas doze palavras.
wrong-receipt = Não reconhecemos este código. Compare cada carácter com o que anotou.
wrong-receipt-word = A palavra «{ $word }» não está na lista.
wrong-receipt-place = A palavra { $place }, «{ $word }», não está na lista.
wrong-receipt-near = A mais parecida é «{ $near }».
wrong-receipt-take = Usar «{ $near }»
wrong-receipt-words = Há { $count } palavras de 12. Compare com o que anotou.
wrong-receipt-length = Há { $count } caracteres de 28. Compare com o que anotou.
wrong-receipt-group = O grupo { $group } tem { $count } caracteres em vez de 4. Compare-o com o que anotou.
wrong-receipt-character = No grupo { $group }, o sinal «{ $sign }» não está em nenhum código. Compare com o que anotou.
wrong-receipt-code = Um carácter está errado, ou dois estão trocados. Compare cada grupo com o que anotou.
wrong-receipt-order = As doze palavras existem, mas uma está errada ou duas estão trocadas. Compare cada palavra e a ordem.
wrong-receipt-two = Isto contém dois códigos secretos diferentes. Deixe só um.
wrong-receipt-file = Não encontramos um código secreto neste ficheiro. Copie o código à mão.
wrong-earlier = Este não é o código secreto de outra denúncia. Corrija-o ou deixe-o vazio.
wrong-earlier-nothing = Ainda não há nada com o outro código secreto. Tente amanhã.
wrong-earlier-damaged = As mensagens da outra denúncia estão danificadas. Contacte: { $contact }.
wrong-long = É demasiado longo. O limite é de { $limit } caracteres.
wrong-format = Escreva a resposta como no exemplo.
wrong-much = É demasiado para um formulário. Encurte o seu texto.
wrong-text = Há caracteres que não conseguimos ler. Apague-os e tente de novo.

## Releitura

review-title = Passo 4
review-heading = Reveja e depois envie
review-warnings = Isto pode apontar para si
review-warnings-what = A decisão é sua. Pode ocultar, mudar ou deixar como está.
review-hint = Também será lido: ficheiros, língua, dia e forma de fechar.
readers-heading = Quem a vai ler
readers-count = { $count ->
    [one] { $count } pessoa
   *[other] { $count } pessoas
}
readers-exclude = Excluir alguém
readers-only = Só os computadores delas a abrem.
readers-idle = ninguém da equipa deste assunto consta aí. Por isso, esta escolha não exclui ninguém.
readers-later = Mais tarde, esta autoridade também a poderá ler: { $body }. Isso acontece se um prazo falhar, ou se restarem muito poucos na equipa. Você e a equipa também o podem pedir. A equipa também a pode entregar a outra pessoa que não tenha excluído.
readers-cases = E mais tarde?
readers-refused = Não disse que sim: esta autoridade não a poderá abrir, { $body }. Só a equipa verá se um prazo falhar.
readers-none-left = Excluiu demasiadas pessoas. Nenhuma equipa da alfândega a pode ler.
readers-oversight = Vai diretamente para esta autoridade, fora da alfândega: { $body }.
readers-refused-alone = Não disse que sim a esta autoridade: { $body }. Por isso não resta ninguém para a ler. Para a enviar, mude uma resposta.
readers-allow = Permitir a esta autoridade: { $body }
readers-exclude-fewer = Excluir menos pessoas
review-danger = Se alguém está em perigo agora, ligue primeiro para o { $number }.
review-category = Assunto
review-audience = Você é
review-send = Enviar a minha denúncia
review-send-advice = Enviar a minha pergunta
review-wait = O envio pode demorar um minuto ou mais.
files-heading = Fotos ou ficheiros
files-warn = Um ficheiro pode mostrar quem você é.
files-hint = Junte os ficheiros no fim.
files-cuts = Se a ligação cai muitas vezes, envie primeiro o texto, sem ficheiros. Junte-os depois, um a um, com o seu código secreto.
files-how = Como os limpamos
files-again = Escolha de novo os seus ficheiros.
files-clean = Antes de fechar os seus ficheiros à chave, retiramos lugares, aparelhos, datas e nomes escondidos. Também lhes mudamos o nome.
files-unclean = Não podemos limpar: .doc, .xls, .ppt, .rtf, .tif, .ogg, .zip, .vcf, .ps, e-mails, páginas web e os tipos que não conhecemos. São enviados tal como estão. Limpar um ficheiro assinado anula a assinatura.
files-keep = Manter os meus ficheiros exatamente como estão.
files-keep-why = Podem então mostrar quem é.
guard-receipt = Um código secreto. Quem o ler pode abrir as nossas respostas:
guard-phone = Um número de telefone:
guard-email = Um endereço de correio:
guard-name = Talvez o seu nome:
guard-declaration = Um número que identifica um processo:
guard-vehicle = Um número de veículo ou de contentor:
guard-time = Uma hora exata:
guard-date = Uma data exata:
guard-tax = Um número fiscal:
guard-identity = O número de um documento de identidade:
guard-function = Um cargo que poucos ocupam:
guard-only-me = Poucas pessoas o sabem. Podem adivinhar que é você.

## O que dizem os ficheiros

file-looking = Examinamo-lo no seu aparelho…
file-redrawn = Redesenhada no seu aparelho. Já não tem lugar, datas nem aparelho.
file-reduced = Redesenhada mais pequena no seu aparelho. Já não tem lugar, datas nem aparelho.
file-full-size = Manter o tamanho original
file-failed = Não conseguimos limpar esta imagem. Pode mostrar quem é.
file-as-it-is = Enviá-la tal como está
file-kept = Será enviado tal como está, como escolheu. Pode mostrar quem é.
file-left-out = Não a enviar
file-choose = Decida sobre { $what }: envie esta imagem tal como está, ou não a envie.
file-unknown = Não podemos verificar tudo neste ficheiro. Pode mostrar quem é.
file-unreadable = Não conseguimos examinar este ficheiro. Talvez a ligação tenha caído, ou o ficheiro tenha sido movido, alterado ou apagado.
file-unreadable-choose = Não conseguimos examinar { $what }. Escolha-o de novo, ou não o envie.
file-again = Escolhê-lo de novo
scrubbed-heading = O que fizemos com os seus ficheiros
scrubbed-image = Imagem { $number }
scrubbed-document = Documento { $number }
scrubbed-audio = Gravação { $number }
scrubbed-video = Vídeo { $number }
scrubbed-file = Ficheiro { $number }
scrubbed-removed = Retirado: { $what }.
scrubbed-left = Ainda pode conter: { $what }.
scrubbed-nothing = Não encontrámos nenhum rasto escondido. Verifique o que ele mostra.
scrubbed-kept = Enviado tal como estava, como escolheu.
scrubbed-broken = Uma parte não pôde ser lida. Essa parte foi enviada tal como estava.
scrubbed-unknown = Não podemos examinar este tipo de ficheiro. Foi enviado tal como estava.
scrubbed-failed = Não conseguimos limpar este ficheiro. Não foi enviado por inteiro. Volte com o seu código secreto para o enviar tal como está. Pode então mostrar quem é.
scrubbed-empty = Este ficheiro está vazio.
scrubbed-signed = Tem uma assinatura eletrónica. Ela diz quem assinou.
scrubbed-signature-broken = Tem uma assinatura eletrónica. Já não é válida, porque retirámos algo. Ainda diz quem assinou.
scrubbed-advice = Uma foto da página diz menos do que o ficheiro.
# Between the items of a list, with the space.
list-separator = { ", " }
trace-author = um nome
trace-place = um lugar
trace-date = datas
trace-device = o aparelho ou o programa
trace-words = títulos ou comentários
trace-preview = uma imagem escondida
trace-history = quem mudou o quê
trace-other = outras notas

## Código secreto

receipt-title = Chegou
receipt-heading = Chegou. Anote o seu código secreto.
receipt-lead = Sem ele não poderá ler aqui a nossa resposta.
receipt-code = Código secreto
receipt-words = Ou estas doze palavras, por esta ordem
receipt-keep-how = Basta um dos dois.
receipt-secret = Não o mostre a ninguém.
receipt-secret-why = Uma pessoa que o tenha pode ler as nossas respostas e escrever em seu lugar.
receipt-print = Pode imprimir ou fotografar esta página.
receipt-print-why = Não mostra o que denunciou. Nunca num aparelho partilhado: fica lá uma cópia.
receipt-qr = O código em forma de código QR
receipt-qr-use = Leia este quadrado com outro aparelho seu para copiar lá o código. O leitor pode guardá-lo no histórico.
receipt-save = Guardar como ficheiro de texto
receipt-save-what = O ficheiro chama-se «reference». Contém só o código e as palavras.
receipt-next = O que acontece a seguir
receipt-next-answer = Uma pessoa deve responder-lhe aqui até { $day }.
receipt-next-answer-soon = Uma pessoa deve responder-lhe aqui dentro de cerca de uma semana. Volte então.
receipt-next-missed = Se ainda não está lá e você não recusou, passa então para esta autoridade: { $body }.
receipt-late = E se ninguém responder?
receipt-done = Já anotei
receipt-gone = Depois, ninguém lhe pode mostrar outra vez este código.
receipt-sure = Sim, já anotei
receipt-use = Para ler a nossa resposta, volte a este site com este código.
receipt-address = A página onde se introduz termina em
receipt-more = Imprimir, guardar
receipt-scan = Ler o código
receipt-still = Anote primeiro o seu código secreto. Depois toque em «{ receipt-done }».

## Cópia e rascunho

review-copy = Quero uma cópia fechada à chave do que envio
review-copy-what = É um ficheiro, para se reler mais tarde. Só se abre com o seu código secreto. Não num aparelho partilhado.
own-save = Guardar a minha cópia fechada
own-apart = Guarde-a longe do seu código secreto. Uma pessoa que tenha os dois lê as suas mensagens.
own-found = Uma pessoa que encontre só este ficheiro não o consegue ler. Pode adivinhar que esconde algo.
own-heading = Reler as minhas mensagens
own-what = Esta página não contém as suas mensagens. Escolha a cópia que guardou. Abra-a antes de escrever: assim ela cresce.
own-file = A minha cópia fechada
own-server = O nosso site abre a sua cópia por si.
own-open = Abrir a minha cópia
own-wrong = Este ficheiro não é uma cópia desta denúncia, ou foi alterado.
own-older = A sua cópia não contém as suas mensagens mais recentes.
own-cut = As suas mensagens mais antigas não cabem nesta página.
own-again = A sua cópia é longa. Escolha-a outra vez quando escrever ou atualizar.
thread-all = Todas as mensagens, a mais recente primeiro
thread-from-team = Para si
thread-from-you = De si
thread-own-files = Ficheiros: { $what }
draft-keep = Guardar este rascunho
draft-continue = Continuar um rascunho
draft-what = As suas respostas ficam fechadas à chave num ficheiro. Os seus ficheiros e a sua voz não estão nele.
draft-words = Anote estas doze palavras, por esta ordem.
draft-words-why = Sem elas, o rascunho já não se abre. Ninguém as pode recuperar.
draft-save = Guardar o ficheiro
draft-found = Uma pessoa que encontre este ficheiro não o consegue ler sem as palavras. Pode adivinhar que esconde algo.
draft-address = Ou copie este endereço
draft-address-what = Contém o mesmo rascunho. Mostra que esteve aqui.
draft-again = O que mudar depois não está nele. Guarde então um rascunho novo.
draft-file = O ficheiro do rascunho
draft-words-label = As doze palavras do rascunho
draft-replaces = O rascunho substitui o que está escrito aqui.
draft-open = Abrir o rascunho
draft-wrong = Este rascunho não se abre. Verifique o ficheiro e as doze palavras.
draft-failed = Não funcionou. Verifique a ligação e tente de novo.

## Voltar

return-title = Voltar
return-heading = Acompanhar a minha denúncia
return-label = O seu código secreto, ou as suas doze palavras
return-hint = Maiúsculas e acentos não importam. No código, espaços e hífenes também não.
return-hint-file = Pode colar aqui todo o ficheiro guardado.
return-file = Ou escolha o ficheiro guardado
return-file-photo = Ou escolha o ficheiro guardado, ou uma foto do quadrado
return-file-stays = Não sai deste aparelho.
return-seal = O nosso site abre as suas mensagens para si. Esquece-as 15 minutos depois da última utilização.
return-open = Abrir
return-nothing = Não há nada aqui
return-nothing-soon = Se enviou a denúncia hoje, volte amanhã.
return-nothing-check = Se não, verifique de novo o seu código secreto, carácter a carácter. Se estiver certo, contacte: { $contact }. Um caso fechado há muito é apagado.
return-damaged = Esta caixa está danificada
return-damaged-what = O seu código secreto está certo, mas o que está aqui foi danificado ou alterado. Não o mostramos.
return-damaged-do = Não escreva aqui. Contacte: { $contact }.
return-failed = Não conseguimos abrir as suas mensagens. Mantenha esta página aberta e tente de novo.
return-lost = Perdi o meu código secreto
return-lost-what = Ninguém o pode recuperar, nem nós. Pode fazer uma nova denúncia.

## Mensagens

thread-title = Mensagens
thread-heading = Como está a sua denúncia
thread-next = Pode esperar notícias até { $day }.
thread-outside = Esta autoridade tem a sua denúncia: { $body }.
thread-outside-asked = Pediu esta autoridade: { $body }. Duas pessoas da equipa ainda têm de lhe dar acesso.
thread-received = { $count ->
    [one] Recebemos { $count } mensagem sua, incluindo a denúncia.
   *[other] Recebemos { $count } mensagens suas, incluindo a denúncia.
}
thread-read = { $count ->
    [one] Uma pessoa respondeu-lhe depois de ler a sua denúncia.
   *[other] Uma pessoa respondeu-lhe depois de ler as suas primeiras { $count } mensagens.
}
thread-unread = Quando respondermos, esta página mostrará o que uma pessoa leu.
thread-log-countersigned = A sua denúncia está anotada no nosso registo. Esta autoridade também assinou o registo em { $day }: { $body }.
thread-log-logged = A sua denúncia está anotada no nosso registo. Esta autoridade também o assina, normalmente numa semana: { $body }.
thread-log-waiting = A sua denúncia está guardada. A prova de que está no nosso registo aparecerá aqui.
thread-log-message = A última mensagem que recebemos de si também lá está.
thread-log-message-waiting = A última mensagem que recebemos de si está guardada e virá a seguir.
thread-uncollected = A sua última mensagem ainda não chegou à equipa.
thread-week = Atualizado na { $week }.
thread-step = Etapa do caso: { $count }/5
thread-newest = Última mensagem para si
thread-older = Mensagens anteriores
thread-none = Ainda não há mensagens.
thread-sent = A sua mensagem está a caminho
thread-sent-what = Esta página mostrará quando a equipa a recebeu. Não a envie outra vez hoje.
thread-again = Ver se há novidades
thread-close = Fechar
thread-kept = Durante 15 minutos, o histórico deste dispositivo pode reabrir esta página. «Fechar» impede-o.
reply-heading = Escreva-nos
reply-label = A sua mensagem
reply-warn = Lembre-se: nem o seu nome, nem o que só você sabe.
reply-outside = Quero que esta autoridade leia também a minha denúncia: { $body }.
reply-files = Juntar fotos ou ficheiros
reply-files-hint = Se a ligação cai muitas vezes, envie um ficheiro de cada vez.
earlier-heading = Fez outra denúncia sobre o mesmo?
earlier-what = Escreva o código secreto da outra. Quem puder ler as duas verá a ligação. O código não é transmitido.
earlier-warn = Quem puder ler as duas saberá que uma só pessoa as escreveu.
earlier-label = Código secreto da outra denúncia
reply-again = Depois carregue outra vez em Enviar.
reply-seal = O nosso site recebe a sua mensagem e fecha-a à chave antes de a guardar.
reply-send = Enviar
add-heading = Juntar pormenores que ajudam
add-unsent = Os seus pormenores ainda não foram enviados.
add-what = Responda a perguntas sobre o seu caso. Escolha primeiro o assunto: esta página não o conhece.
add-open = Responder às perguntas
add-none = Responda pelo menos a uma pergunta.
stage-received = Recebida
stage-received-means = A sua denúncia chegou. Alguém a lerá em breve.
stage-received-next = Depois, essa pessoa avalia a urgência.
stage-triaged = Lida
stage-triaged-means = Uma pessoa leu a sua denúncia e avaliou a urgência.
stage-triaged-next = Depois, em geral, verificamos os factos ou encerramos o caso.
stage-assessing = Em verificação
stage-assessing-means = Verificamos se podemos confirmar os factos.
stage-assessing-next = Depois há, em geral, uma investigação, ou outra autoridade trata do assunto.
stage-investigating = Em investigação
stage-investigating-means = Há uma investigação em curso. Pode levar alguns meses.
stage-investigating-next = Depois há, em geral, uma decisão.
stage-decided = Decidida
stage-decided-means = Foi tomada uma decisão. Vamos escrever-lhe aqui sobre ela.
stage-decided-next = Depois, em geral, o caso é encerrado.
stage-referred = Noutra autoridade
stage-referred-means = Outra autoridade trata agora do caso. Acompanhamos o que faz.
stage-referred-next = Depois, em geral, o assunto volta para nós ou o caso é encerrado.
stage-closed = Caso encerrado
stage-closed-means = O trabalho terminou. Ainda pode escrever, e o caso pode ser reaberto.
stage-closed-next = Por agora, não está previsto outro passo.
stage-unreadable-means = Não conseguimos abrir a sua denúncia. Faça uma nova, por favor.
finding-forged = Uma mensagem não era nossa. Não é mostrada.
finding-earlier = { $count ->
    [one] Uma mensagem anterior já não está aqui.
   *[other] { $count } mensagens anteriores já não estão aqui.
}
finding-unseen = { $count ->
    [one] Uma mensagem anterior já não cabe aqui. Se não a leu, peça-nos essa mensagem.
   *[other] { $count } mensagens anteriores já não cabem aqui. Se não as leu, peça-nos essas mensagens.
}
finding-withheld = { $count ->
    [one] Falta uma mensagem. Talvez alguém a retenha. Avise: { $contact }.
   *[other] Faltam { $count } mensagens. Talvez alguém as retenha. Avise: { $contact }.
}
finding-older-state = Esta página está atrasada em relação às suas mensagens. Os investigadores têm uma mensagem sua mais recente. Se não enviou mais nada, contacte: { $contact }.
finding-missing = { $count ->
    [one] Uma das suas mensagens não chegou. Se amanhã ainda faltar, envie-a de novo. Se isto se repetir, contacte: { $contact }.
   *[other] { $count } das suas mensagens não chegaram. Se amanhã ainda faltarem, envie-as de novo. Se isto se repetir, contacte: { $contact }.
}
finding-surplus = Recebemos mais mensagens do que esta página conhece. É normal se escreveu duas vezes seguidas. Se não, contacte: { $contact }.
finding-sequence = As mensagens não se seguem umas às outras. Uma delas talvez não conste do processo dos investigadores. Antes de agir com base em alguma delas, contacte: { $contact }.
finding-log-missing = Esta página não mostra que a sua denúncia está no nosso registo. Volte amanhã. Se ainda faltar, envie-a de novo. Se isto se repetir, contacte: { $contact }.
finding-log-message-missing = Esta página não mostra que a sua última mensagem está no nosso registo. Volte amanhã. Se ainda faltar, envie-a de novo. Se isto se repetir, contacte: { $contact }.
finding-log-wrong = A prova de que as suas mensagens estão no nosso registo não é válida. Volte amanhã. Se isto se repetir, contacte: { $contact }.
finding-wrong-key = Algo está mal com estas mensagens. Não escreva aqui. Contacte: { $contact }.
finding-unconfirmed = As chaves do seu caso foram mudadas para o proteger. Dois investigadores têm de o confirmar, e isso ainda não foi feito. As respostas mais recentes não podem ser mostradas e, por agora, não pode escrever aqui. Volte dentro de alguns dias.

## Como o protegemos

protect-title = Proteção
protect-heading = Como o protegemos
protect-lead = A sua denúncia está fechada à chave (cifrada). Só os destinatários a podem abrir.
protect-stored = O que este site guarda
protect-stored-sealed = Um pacote fechado à chave que o nosso site não consegue voltar a abrir.
protect-stored-week = A semana em que chegou. As nossas cópias de segurança guardam-no sete noites: a hora delas pode dizer mais.
protect-stored-pieces = Se o envio for cortado: os pedaços fechados que chegaram, e até que dia os guardamos. Cerca de dois dias.
protect-stored-size = Um tamanho arredondado, que quase nada diz.
protect-stored-hour = Sem JavaScript: o seu texto, fechado à chave, uma hora na memória. O código secreto, três horas. As mensagens que ele abriu, 15 minutos.
protect-stored-handler = O serviço de casos guarda também dias, equipa, língua, urgência e tamanhos. Também quem excluiu e o que recusou. Um caso fechado é apagado mais tarde.
protect-not = O que nunca guardamos
protect-not-name = Nem o seu nome, nem conta, nem palavra-passe.
protect-not-address = Nem endereço de internet nem rasto do seu aparelho.
protect-not-cookie = Sem cookies. O histórico do seu telefone pode mostrar esta visita.
protect-not-third = As nossas páginas não carregam nada de outra empresa.
protect-who = Quem a pode ler
protect-who-desk = A pequena equipa encarregada do assunto.
protect-who-excluded = Não os serviços que exclui, se a nossa lista disser quem lhes pertence: não têm chave. A autoridade abaixo não pode ser excluída.
protect-who-outside = Por vezes também esta autoridade, fora da alfândega: { $body }. É para alguns temas, se um prazo falhar, ou se restarem muito poucos na equipa. Você e a equipa também o podem pedir. Após violência ou assédio, pode recusar.
protect-who-technician = Nenhum técnico tem chave. Mas quem controla o nosso site pode mudá-lo para o ler.
protect-ways = Duas formas de fechar à chave
protect-device = O seu aparelho fecha à chave
protect-device-what = O nosso site nunca vê o que escreve. Vê as primeiras escolhas se a página demorar. Também se vier de outra página.
protect-device-needs = Precisa de JavaScript. Não o protege de uma página falsa: verifique o endereço. Também não o protege de um site mudado.
protect-server = O nosso site fecha à chave
protect-server-what = Vê o seu texto na memória, em cada página, e guarda-o fechado à chave.
protect-server-needs = Funciona sem JavaScript, também no modo mais seguro do Tor.
protect-ways-know = Uma frase junto ao seu texto diz qual das formas está em vigor.
protect-limits = O que não podemos prometer
protect-before = Antes de escrever
protect-onion = Com o navegador Tor também pode vir por este endereço:
protect-onion-only = Só abre no navegador Tor. Não o escreva noutro lugar.
protect-limit-network = A operadora ou a rede do escritório pode ver que veio cá. O navegador Tor esconde-o.
protect-limit-leave = «{ leave }» abre outra página. Com JavaScript, premir Escape três vezes faz o mesmo. Sem JavaScript, ou em alguns navegadores, Voltar pode mostrar de novo o nosso site.
protect-limit-saver = Um navegador económico, como o Opera Mini, pode enviar as suas páginas à empresa dele. Não escreva nada com ele.
protect-words = As doze palavras das nossas chaves
protect-words-what = Permitem reconhecer as chaves que decidem quem pode ler.
protect-words-compare = Compare-as com um cartaz na língua desta página. Se uma palavra for diferente, não denuncie aqui.
protect-until = A lista de leitores autorizados é válida até { $day }.
protect-until-after = Depois não recebemos denúncias nem mensagens sem uma nova lista assinada.
protect-until-none = Hoje não podemos receber nada: nenhuma lista de leitores é válida.
protect-receipt = O seu código secreto
protect-receipt-what = Permite ler as nossas respostas e escrever-nos. Por si só, nunca abre a denúncia.

## Erros

error-title = Problema
error-home = Ir para o início
error-outside = Também pode contactar esta autoridade, fora da alfândega:
error-busy = Não podemos receber isto neste momento
error-busy-what = Nada foi enviado.
error-busy-do = Espere um minuto e recarregue esta página. Ela envia tudo de novo.
held-again-how = O que escreveu está aqui. Espere um minuto e envie de novo.
held-text = O seu texto
held-files = Escolha de novo os seus ficheiros.
held-again = Enviar de novo
error-full = Agora não há espaço
error-full-what = Nada foi enviado. O nosso site não tem espaço para este envio.
error-full-do = Tente amanhã, ou contacte: { $contact }.
error-no-files = Agora não há espaço para ficheiros
error-no-files-what = Nada foi enviado. Um texto sem ficheiros ainda pode passar.
error-no-files-do = Envie-o agora sem ficheiros. Junte-os depois com o seu código secreto.
error-large = É demasiado para um envio
error-large-what = Nada foi enviado. O limite é de 32 ficheiros e 230 MB ao todo.
error-large-do = Escolha menos ficheiros ou mais pequenos. Envie os outros depois com o seu código secreto. Se o seu texto for muito longo, volte atrás e encurte-o.
error-form = Não conseguimos ler este formulário
error-form-what = Nada foi enviado. Talvez a página tenha estado aberta demasiado tempo.
error-form-do = Volte atrás e tente outra vez, ou comece de novo.
error-expired = Esta página já não está guardada
error-expired-what = Para o proteger, um texto é esquecido uma hora depois da última utilização. Um código secreto, após três.
error-expired-do = Recomece a partir do início, por favor.
error-missing = Esta página não existe
error-missing-what = O endereço pode estar mal escrito.
error-missing-do = Comece pelo início.
error-directory = Agora não podemos receber denúncias com segurança
error-directory-what = Nada foi enviado. Não conseguimos fechá-lo à chave para as pessoas certas.
error-directory-do = Volte amanhã, por favor.
error-broken = Algo falhou do nosso lado
error-broken-what = Se não viu nenhuma confirmação, o seu envio pode não ter chegado.
error-broken-do = Recarregue esta página para enviar outra vez. O mesmo envio nunca conta duas vezes.

# Com script: é o navegador que fecha à chave.
seal-here = O seu aparelho fecha tudo à chave. O nosso site não consegue ler nada.
seal-here-text = O seu aparelho fecha à chave o que escreve. O nosso site só conhece as primeiras escolhas.
seal-here-short = O seu aparelho protege com chave o que escreve.
seal-here-reply = O seu aparelho fecha esta mensagem à chave. O nosso site não consegue ler nada.
seal-here-return = O seu aparelho abre as suas mensagens. O nosso site não consegue ler nada.
seal-date = Se a data do seu aparelho está errada, corrija-a. Então poderá fechar a denúncia à chave.
altered-heading = Não escreva nada aqui por agora
altered-what = Partes deste formulário não estão assinadas pela administração. Alguém talvez queira ler o que escreve.
altered-do = Tente de novo em dez minutos. Se a mensagem voltar, não use este formulário em nenhum aparelho. Ligue para o número dos cartazes.
updated-heading = O nosso site acaba de ser atualizado
updated-copy = O que escreveu continua aqui. Copie-o e volte a carregar esta página.
updated-draft = O que escreveu continua aqui. Guarde um rascunho ou copie o texto. Depois volte a carregar esta página.
page-failed = Não funcionou. O que escreveu continua aqui. Tente de novo, ou copie-o e volte a carregar esta página.
form-loading = O formulário está a carregar. Um momento.
form-by-site = O seu aparelho não carregou tudo. Toque outra vez: o nosso site fá-lo por si.
send-sealing = O seu aparelho fecha a denúncia à chave.
send-progress = A enviar: { $done } %
send-waiting = Sem ligação. Mantenha esta página aberta. Nova tentativa em { $seconds } s.
switch-offline = Sem ligação não se pode mudar a língua. Esta página e o seu texto ficam aqui.
send-again = Tentar agora
send-stop = Parar o envio
send-failed = Não foi possível enviar. Mantenha esta página aberta e tente de novo.
send-too-large = É demasiado para um envio. O limite é de 32 ficheiros e cerca de 230 MB ao todo.
send-busy = O serviço está muito ocupado. Mantenha esta página aberta. Nova tentativa em { $seconds } s.
send-full = O nosso site não tem espaço para este envio. Mantenha esta página aberta. Nova tentativa em { $seconds } s.

## Falar em vez de escrever

story-in-file = Vou juntar uma gravação ou outro ficheiro em vez de escrever
story-in-file-why = Num ficheiro de som, a sua voz fica tal como é. Quem a conhece reconhece-o.
recorder-heading = Ou diga-o
recorder-about = A sua voz é mudada aqui, no seu aparelho. A sua voz verdadeira não é enviada.
recorder-known = Um conhecido ou uma máquina ainda pode reconhecer a sua voz, palavras ou sotaque.
recorder-noise = Os ruídos à sua volta ainda se ouvem. Não diga o seu nome.
recorder-start = Gravar a minha voz
recorder-stop = Parar
recorder-cancel = Cancelar
recorder-play = Ouvir
recorder-pause = Parar o som
recorder-again = Gravar de novo
recorder-remove = Apagar
recorder-clock = Gravação: { $time } de { $limit }
recorder-asking = Permita o microfone no seu navegador.
recorder-altering = Estamos a mudar a sua voz. Deixe esta página aberta.
recorder-ready = Ouça antes de enviar. Use auscultadores se houver gente perto.
recorder-silent = Não ouvimos nada. Fale mais perto do microfone e grave de novo.
recorder-failed = O seu aparelho não conseguiu mudar a voz. Nada fica guardado. Escreva, por favor.
recorder-refused = O microfone não funciona aqui. Escreva, ou junte um ficheiro no fim.
wrong-recording-unheard = Ouça a sua gravação, ou apague-a, antes de continuar.
wrong-recording-busy = Pare primeiro a gravação, ou espere que fique pronta.
review-recording = A sua voz, mudada
wrong-no-story = Falta o ficheiro que conta. Junte-o aqui, ou volte e escreva.
error-no-story = Falta o que aconteceu
error-no-story-what = Não escreveu nem juntou um ficheiro. Nada foi enviado.
error-no-story-do = Junte o ficheiro aqui, ou volte e escreva.
error-no-reader = Não resta ninguém para a ler
error-no-reader-what = Não resta ninguém que a possa ler. Nada foi enviado.
error-no-reader-do = O seu texto continua aqui. Mude uma resposta em «Quem a vai ler» e envie.
