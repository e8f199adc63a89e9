### As páginas de quem denuncia. Palavras simples, quinze palavras por frase no máximo.

## Moldura

skip = Ir para o conteúdo
leave = Sair depressa
languages = Línguas
back = Voltar
change = Mudar
cover = Tapar
required = (necessário)
footer-kept = Esta página não guarda cookie, nem nome, nem endereço.
protect-link = Como o protegemos
step = Passo { $number } de 4
seal = O nosso site recebe o que escreve e fecha-o à chave antes de o guardar.
emergency = Se uma vida está em perigo, ligue primeiro para o { $number }.

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
home-heading = Algo está mal na alfândega? Pode dizê-lo.
home-lead = Subornos, abusos, injustiças: conte-nos sem dizer quem é.
home-promise-name = Sem conta, sem nome, sem número de telefone.
home-promise-minutes = Dez minutos bastam. Quase todas as perguntas podem ficar vazias.
home-promise-who = É você que escolhe quem não deve receber a denúncia.
home-report = Denunciar
home-return = Acompanhar a minha denúncia
home-return-what = Com o seu código secreto: ler a nossa resposta, escrever-nos, juntar um ficheiro.
home-advice = Pedir conselho
home-advice-what = Não sabe o que é correto? Pergunte primeiro.
home-learn = Aprender
home-learn-what = Pequenas cenas do trabalho diário. O que faria?
home-protect-what = O que guardamos, o que nunca guardamos e os limites.
home-outside = Falar com o órgão externo
home-outside-what = Não pertence à alfândega. Pode contactá-lo diretamente.

## Aprender

learn-title = Aprender
learn-heading = O que faria?
learn-lead = Pequenas cenas do trabalho na alfândega. Abra uma resposta para ver o que segue.
learn-untracked = As suas respostas ficam no seu aparelho. Nada é contado.
learn-what = O que faria?
learn-sound = Uma boa escolha.
learn-unsound = Pense outra vez.
learn-seen = Já viu algo parecido? O assunto é:
learn-report = Quero denunciar isto

## Antes de começar

before-title = Antes de começar
before-heading = Antes de começar
before-device = Use o seu próprio aparelho.
before-device-why = Não um telefone nem um computador do trabalho.
before-network = Evite a rede do escritório.
before-network-why = O Wi-Fi do escritório pode mostrar quem abriu esta página.
before-names = Não ponha o seu nome nem o seu número.
before-names-why = Não precisamos deles. Um código secreto permite-lhe voltar.
before-photos = As fotos e os ficheiros podem falar de si.
before-photos-why = Muitas vezes contêm um lugar, uma data ou um aparelho.
before-danger = Alguém está em perigo? Ligue primeiro para o { $number }.
before-danger-why = Este serviço não funciona 24 horas por dia.
before-limits = O que não podemos prometer
before-limit-server = O seu texto chega legível ao nosso site. É fechado à chave antes de ser guardado.
before-limit-facts = Factos que poucos conhecem podem apontar para si.
before-limit-history = O seu telefone pode lembrar esta visita. Uma janela privada ajuda.
before-start = Começar

## Escolha

audience-title = Passo 1
audience-heading = O que o descreve melhor?
audience-hint = Ordena os assuntos, ajuda a escolher a equipa e é enviado com a denúncia.
subject-title = Passo 2
family-heading = De que se trata?
family-hint = Escolha o mais próximo. Pode voltar e mudar.
category-heading = O que está mais próximo?
category-hint = Os exemplos são apenas exemplos.
choose-unsure = Não sei
choose-unsure-what = Conte por palavras suas. Uma equipa vai lê-lo.

## Perguntas

questions-title = Passo 3
questions-hint = Responda ao que puder. Deixe vazio o que quiser.
questions-to-story = Ir já para o seu relato, a única parte necessária
questions-where = Onde e quando
questions-what = Os factos
questions-who = As pessoas em causa
questions-exclude = Quem não a deve receber
questions-you = A sua segurança e o que segue
questions-count = { $count ->
    [one] 1 pergunta
   *[other] { $count } perguntas
}
questions-pace = Tanto quanto quiser
questions-few = Alguns factos
gentle-heading = O ritmo é seu
gentle-pace = Conte hoje só o que quiser. Cada pergunta pode ficar vazia.
gentle-later = Pode enviar muito pouco. Com o seu código secreto pode acrescentar mais tarde.
gentle-fault = O que lhe fizeram não é culpa sua.
gentle-support = Alguém com quem falar
questions-story = O seu relato
questions-review = Reler
questions-back = Toque em «{ questions-review }» antes do botão Voltar do telefone. Senão, perde-se o que acabou de escrever aqui.
questions-keep = Mantenha esta página aberta até ter o seu código secreto. Se ela se fechar, perde-se o que escreveu.
no-answer = Sem resposta
period-date = Quero dar uma data
period-words = Data, ou palavras como «início de maio»
guarded-anyway = Quero dá-lo mesmo assim
format-example = Exemplo: { $example }
story-hint = Meia página basta. O que aconteceu, onde e como sabe.

## Erros ao escrever

wrong-title = {"Erro: "}
wrong-heading = Reveja isto, por favor
wrong-choice = Esta opção já não existe. Escolha de novo.
wrong-option = Escolha uma das respostas propostas.
wrong-story-missing = Conte o que aconteceu. Uma frase basta.
wrong-message-missing = Escreva uma mensagem ou junte um ficheiro.
wrong-receipt-missing = Escreva o seu código secreto, ou as suas doze palavras.
wrong-receipt = Não reconhecemos este código. Compare cada carácter com o que anotou.
wrong-receipt-word = A palavra «{ $word }» não está em nenhuma das nossas listas.
wrong-receipt-near = A palavra «{ $word }» não está em nenhuma das nossas listas. É «{ $near }»?
wrong-receipt-words = Há { $count } palavras de 12. Compare com o que anotou.
wrong-receipt-length = Há { $count } caracteres de 28. Compare com o que anotou.
wrong-receipt-character = O sinal «{ $sign }» não está em nenhum código. Compare com o que anotou.
wrong-receipt-check = Um carácter ou uma palavra está errado, ou a ordem mudou. Compare com o que anotou.
wrong-earlier = Este não é o código secreto de outra denúncia. Corrija-o ou deixe-o vazio.
wrong-earlier-nothing = Ainda não há nada com o outro código secreto. Tente amanhã.
wrong-earlier-damaged = As mensagens da outra denúncia estão danificadas. Contacte o órgão externo.
wrong-long = É longo de mais. O limite é de { $limit } caracteres.
wrong-format = Escreva a resposta como no exemplo.
wrong-much = É mais do que cabe num formulário.
wrong-text = Contém sinais que não são texto.

## Releitura

review-title = Passo 4
review-heading = Leia e depois envie
review-warnings = Isto pode apontar para si
review-warnings-what = Decide você. Pode tapar, mudar ou deixar como está.
review-hint = Isto será lido, com os seus ficheiros, a sua língua e o dia de chegada.
readers-heading = Quem a vai ler
readers-count = { $count ->
    [one] { $count } pessoa
   *[other] { $count } pessoas
}
readers-later = Mais tarde também o órgão externo, se um prazo não for cumprido, se restarem muito poucos na equipa, ou a pedido seu ou da equipa: { $body }.
readers-none-left = Depois das suas escolhas, não resta outra equipa para a ler.
readers-oversight = Vai diretamente para o órgão externo: { $body }.
review-danger = Se alguém está em perigo agora, ligue primeiro para o { $number }.
review-category = Assunto
review-audience = Denuncia como
review-send = Enviar a minha denúncia
review-wait = O envio pode demorar um minuto, ou mais com ficheiros. Depois recebe o seu código secreto.
files-heading = Juntar fotos ou ficheiros (não é necessário)
files-warn = Um ficheiro pode conter o seu nome, um lugar, uma data. Envie só o que muitos têm.
files-hint = Escolha os ficheiros no fim: ao voltar atrás, são esquecidos.
files-again = Escolha de novo os seus ficheiros.
files-clean = Antes de os fechar à chave, retiramos lugares, aparelhos, datas e nomes escondidos. Também mudamos o nome dos ficheiros.
files-unclean = Não podemos limpar: .doc, .xls, .ppt, .rtf, .tif, .ogg, .zip, .vcf, .ps, e-mails, páginas web e os tipos que não conhecemos. São enviados tal como estão. Limpar um ficheiro assinado anula a assinatura.
files-keep = Manter os meus ficheiros exatamente como estão.
files-keep-why = Podem então mostrar quem é.
guard-receipt = Um código secreto. Quem o ler pode abrir as nossas respostas:
guard-phone = Um número de telefone:
guard-email = Um endereço de correio:
guard-name = Talvez o seu nome:
guard-declaration = Um número que leva a um só processo:
guard-vehicle = Um número de veículo ou de contentor:
guard-time = Uma hora exata:
guard-date = Uma data exata:
guard-tax = Um número fiscal:
guard-identity = O número de um documento de identidade:
guard-function = Um cargo que poucos ocupam:
guard-only-me = Poucas pessoas o sabem. Podem adivinhar que é você.

## O que dizem os ficheiros

file-looking = Examinamo-lo no seu aparelho…
file-redrawn = Desenhada de novo no seu aparelho. Já não há lugar, datas nem aparelho.
file-failed = O seu aparelho não pode desenhar de novo esta imagem. Pode mostrar quem é.
file-as-it-is = Enviá-la tal como está
file-kept = Será enviado tal como está, como escolheu. Pode mostrar quem é.
file-left-out = Não enviar
file-choose = { $what } espera a sua decisão. Envie esta imagem tal como está, ou não a envie.
file-unknown = Não podemos examinar tudo. Pode mostrar quem é.
file-unreadable = Não conseguimos examinar este ficheiro. Talvez a ligação tenha caído, ou o ficheiro tenha sido movido, alterado ou apagado.
file-unreadable-choose = Não conseguimos examinar { $what }. Escolha-o de novo, ou não o envie.
file-again = Escolhê-lo de novo
scrubbed-heading = O que fizemos com os seus ficheiros
scrubbed-image = Imagem { $number }
scrubbed-document = Documento { $number }
scrubbed-audio = Som { $number }
scrubbed-video = Vídeo { $number }
scrubbed-file = Ficheiro { $number }
scrubbed-removed = Retirado: { $what }.
scrubbed-left = Pode ficar: { $what }.
scrubbed-nothing = Não encontrámos nada que mostre quem o fez.
scrubbed-kept = Enviado tal como estava, como escolheu.
scrubbed-broken = Uma parte não pôde ser lida. Essa parte foi enviada tal como estava.
scrubbed-unknown = Não podemos examinar este tipo de ficheiro. Foi enviado tal como estava.
scrubbed-failed = Não conseguimos limpar este ficheiro. Não foi enviado por inteiro. Volte com o seu código secreto para o enviar tal como está. Pode então mostrar quem é.
scrubbed-empty = Este ficheiro está vazio.
scrubbed-signed = Tem uma assinatura eletrónica. Ela diz quem assinou.
scrubbed-signature-broken = Tem uma assinatura eletrónica. Já não é válida, porque retirámos algo. Ainda diz quem assinou.
scrubbed-advice = A foto de uma página diz menos do que o documento.
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

receipt-title = Denúncia recebida
receipt-heading = A sua denúncia chegou. Anote agora o seu código secreto.
receipt-lead = Anote-o antes de fazer outra coisa. Sem ele não poderá ler a nossa resposta.
receipt-code = Código secreto
receipt-words = Ou estas doze palavras, por esta ordem
receipt-keep = Anote o código ou as palavras.
receipt-keep-how = Um dos dois basta. O papel é o mais seguro.
receipt-secret = Não o mostre a ninguém.
receipt-secret-why = Quem o tem pode ler as nossas respostas e escrever em seu lugar. Nunca abre a denúncia.
receipt-print = Pode imprimir ou fotografar esta página.
receipt-print-why = Não diz o que denunciou. Aparelhos partilhados guardam cópias.
receipt-qr = O código em forma de código QR
receipt-qr-use = Lido com outro aparelho seu, este quadrado mostra lá o código. O leitor pode guardá-lo no histórico.
receipt-save = Guardar como ficheiro de texto
receipt-save-what = O ficheiro chama-se «reference». Contém só o código e as palavras.
receipt-next = O que acontece a seguir
receipt-next-read = As pessoas encarregadas recolhem-na, sem as que você excluiu.
receipt-next-answer = Uma pessoa responde-lhe aqui até { $day }. Volte então.
receipt-next-answer-soon = Uma pessoa responde-lhe aqui dentro de cerca de uma semana. Volte então.
receipt-next-missed = Se falharem o prazo, o órgão externo recebe a denúncia, se ainda não a tem.
receipt-done = Já anotei
receipt-still = Anote primeiro o seu código secreto. Depois toque em «{ receipt-done }».

## Voltar

return-title = Voltar
return-heading = Acompanhar a minha denúncia
return-label = O seu código secreto, ou as suas doze palavras
return-hint = Maiúsculas, acentos, espaços e hífenes não importam.
return-seal = O nosso site abre as suas mensagens para si e esquece-as passados 15 minutos.
return-open = Abrir
return-nothing = Ainda não há nada aqui
return-nothing-soon = Se enviou a denúncia hoje, volte amanhã.
return-nothing-check = Se não, compare cada carácter com o que anotou.
return-damaged = Esta caixa está danificada
return-damaged-what = O seu código secreto está certo, mas o que está aqui foi danificado ou alterado. Não o mostramos.
return-damaged-do = Não escreva aqui. Contacte o órgão externo.
return-failed = Não conseguimos abrir as suas mensagens. Mantenha esta página aberta e tente de novo.
return-lost = Perdi o meu código secreto
return-lost-what = Ninguém o pode recuperar, nem nós. Pode fazer uma nova denúncia.

## Mensagens

thread-title = Mensagens
thread-heading = Como está
thread-next = Pode esperar notícias até { $day }.
thread-outside = O órgão externo tem a sua denúncia.
thread-received = { $count ->
    [one] Recebemos 1 envio seu.
   *[other] Recebemos { $count } envios seus.
}
thread-read = { $count ->
    [one] Uma pessoa respondeu-lhe depois de ler a sua denúncia.
   *[other] Uma pessoa respondeu-lhe depois de ler os seus primeiros { $count } envios.
}
thread-unread = As nossas respostas vão confirmar aqui o que uma pessoa leu.
thread-log-countersigned = A sua denúncia está inscrita no registo que o órgão externo contra-assinou em { $day }.
thread-log-logged = A sua denúncia está inscrita no nosso registo. O órgão externo costuma contra-assiná-lo numa semana.
thread-log-waiting = A sua denúncia está guardada. A prova de que está no nosso registo aparecerá aqui.
thread-log-message = A sua última mensagem recebida também lá está.
thread-log-message-waiting = A sua última mensagem recebida está guardada e virá a seguir.
thread-uncollected = O seu último envio ainda não foi recolhido.
thread-week = Situação da { $week }.
thread-messages = Mensagens para si
thread-none = Ainda não há mensagens.
thread-sent = A sua mensagem está a caminho
thread-sent-what = Será contada aqui depois de recolhida.
thread-again = Ver outra vez
thread-close = Fechar
thread-kept = Durante 15 minutos, o histórico deste dispositivo pode reabrir esta página. «Fechar» impede-o.
reply-heading = Escreva-nos
reply-label = A sua mensagem
reply-warn = Continue sem pôr o seu nome nem o que só você sabe.
reply-outside = Quero que o órgão externo trate disto: { $body }.
reply-files = Juntar fotos ou ficheiros (não é necessário)
earlier-heading = Outra denúncia sua trata do mesmo?
earlier-what = Escreva o código secreto da outra: as duas serão lidas em conjunto. O código não é transmitido.
earlier-warn = Quem puder ler as duas saberá que uma só pessoa as escreveu.
earlier-label = Código secreto da outra denúncia
reply-again = Depois carregue outra vez em Enviar.
reply-seal = O nosso site recebe a sua mensagem e fecha-a à chave antes de a guardar.
reply-send = Enviar
stage-received = Recebida
stage-received-means = A sua denúncia chegou. Alguém a lerá em breve.
stage-triaged = Lida
stage-triaged-means = Uma pessoa leu a sua denúncia e avaliou a urgência.
stage-assessing = Em verificação
stage-assessing-means = Verificamos se os factos podem ser provados.
stage-investigating = Em investigação
stage-investigating-means = Há uma investigação em curso. Pode levar alguns meses.
stage-decided = Decidida
stage-decided-means = Foi tomada uma decisão. Vamos escrever-lhe aqui sobre ela.
stage-referred = Noutra autoridade
stage-referred-means = Outra autoridade trata agora do caso. Acompanhamos o que faz.
stage-closed = Encerrada
stage-closed-means = O trabalho terminou. Ainda pode escrever, e o caso pode ser reaberto.
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
    [one] Falta uma mensagem. Talvez alguém a retenha. Avise o órgão externo.
   *[other] Faltam { $count } mensagens. Talvez alguém as retenha. Avise o órgão externo.
}
finding-older-state = Esta página está atrasada em relação às suas mensagens. Os investigadores têm uma mensagem sua mais recente. Se não enviou mais nada, contacte o órgão externo.
finding-missing = { $count ->
    [one] Um dos seus envios não chegou. Se amanhã ainda faltar, envie-o de novo. Se isto se repetir, contacte o órgão externo.
   *[other] { $count } dos seus envios não chegaram. Se amanhã ainda faltarem, envie-os de novo. Se isto se repetir, contacte o órgão externo.
}
finding-surplus = Recebemos mais envios do que esta página conhece. É normal se escreveu duas vezes seguidas. Se não, contacte o órgão externo.
finding-sequence = As mensagens não se seguem umas às outras. Uma delas talvez não conste do processo dos investigadores. Contacte o órgão externo antes de agir com base em alguma delas.
finding-log-missing = Esta página não mostra que a sua denúncia está no nosso registo. Volte amanhã. Se ainda faltar, envie-a de novo. Se isto se repetir, contacte o órgão externo.
finding-log-message-missing = Esta página não mostra que a sua última mensagem está no nosso registo. Volte amanhã. Se ainda faltar, envie-a de novo. Se isto se repetir, contacte o órgão externo.
finding-log-wrong = A prova de que os seus envios estão no nosso registo não é válida. Volte amanhã. Se isto se repetir, contacte o órgão externo.
finding-wrong-key = Algo está mal nesta caixa. Não escreva aqui. Contacte o órgão externo.
finding-unconfirmed = As chaves do seu caso foram mudadas para o proteger. Dois investigadores têm de o confirmar, e isso ainda não foi feito. As respostas mais recentes não podem ser mostradas e, por agora, não pode escrever aqui. Volte dentro de alguns dias.

## Como o protegemos

protect-title = Proteção
protect-heading = Como o protegemos
protect-lead = A sua denúncia está fechada à chave (cifrada). Só os destinatários a podem abrir.
protect-stored = O que este site guarda
protect-stored-sealed = Um pacote fechado à chave que o nosso site não consegue voltar a abrir.
protect-stored-week = A semana em que chegou. Nem o dia nem a hora.
protect-stored-size = Um de dez tamanhos: o tamanho quase não diz nada.
protect-stored-hour = Sem JavaScript: o seu texto, fechado à chave, uma hora na memória. O código secreto, três horas. As mensagens que ele abriu, 15 minutos.
protect-stored-handler = O serviço de casos guarda também dia, equipa, urgência, tamanhos e quem excluiu.
protect-not = O que nunca guardamos
protect-not-name = Nem nome, nem conta, nem palavra-passe.
protect-not-address = Nem endereço de internet nem rasto do seu aparelho.
protect-not-cookie = Sem cookies. O histórico do seu telefone pode mostrar esta visita.
protect-not-third = Nenhuma outra empresa vê a sua visita.
protect-who = Quem a pode ler
protect-who-desk = As poucas pessoas do serviço encarregado do assunto.
protect-who-excluded = Nunca as que você excluiu: não recebem nenhuma chave.
protect-who-outside = O órgão externo, para alguns temas, se um prazo falhar, se restarem muito poucos na equipa, ou a pedido seu ou da equipa: { $body }.
protect-who-technician = Nenhum técnico: cuidam das máquinas e não têm nenhuma chave.
protect-ways = Duas formas de fechar à chave
protect-device = O seu aparelho fecha à chave
protect-device-what = Este site nunca vê o que escreve. Vê as suas primeiras escolhas se for mais rápido do que a página.
protect-device-needs = Precisa de JavaScript. Não o protege de uma página falsa: verifique o endereço.
protect-server = O nosso site fecha à chave
protect-server-what = Vê o seu texto na memória, em cada página, e guarda-o fechado à chave.
protect-server-needs = Funciona sem JavaScript, também no modo mais seguro do Tor.
protect-ways-know = Uma frase em cada página diz qual das formas está em vigor.
protect-limits = O que não podemos prometer
protect-limit-network = A operadora ou a rede do escritório pode ver que veio cá. O Tor esconde-o.
protect-words = As doze palavras das nossas chaves
protect-words-what = Representam as chaves que dizem quem pode ler as denúncias.
protect-words-compare = Compare-as com o cartaz. Se uma palavra for diferente, não denuncie aqui.
protect-until = A lista de quem pode ler está assinada até { $day }.
protect-until-after = Depois desse dia, nenhuma denúncia ou mensagem é recebida antes de nova assinatura.
protect-until-none = Hoje não há lista assinada de leitores em vigor. Não recebemos denúncias nem mensagens.
protect-receipt = O seu código secreto
protect-receipt-what = Permite ler as nossas respostas e escrever-nos. Nunca abre a denúncia.

## Erros

error-title = Aviso
error-home = Ir para a primeira página
error-outside = Também pode contactar o órgão externo:
error-busy = Não podemos receber isto neste momento
error-busy-what = Nada foi enviado.
error-busy-do = Espere um minuto e recarregue esta página. Ela envia tudo de novo.
held-again-how = Nada se perdeu. Espere um minuto e envie de novo.
held-text = O seu texto
held-files = Escolha de novo os seus ficheiros.
held-again = Enviar de novo
error-full = Agora não há espaço
error-full-what = Nada foi enviado. O nosso site não tem espaço para este envio.
error-full-do = Tente amanhã, ou contacte o órgão externo.
error-no-files = Agora não há espaço para ficheiros
error-no-files-what = Nada foi enviado. Um texto sem ficheiros ainda pode passar.
error-no-files-do = Envie-o agora sem ficheiros. Junte-os depois com o seu código secreto.
error-large = É demasiado para um envio
error-large-what = Nada foi enviado. O limite é de 32 ficheiros e 60 MB ao todo.
error-large-do = Escolha menos ficheiros ou mais pequenos.
error-form = Não conseguimos ler este formulário
error-form-what = Nada foi enviado. A página pode ser antiga de mais.
error-form-do = Volte atrás e tente outra vez, ou comece de novo.
error-expired = Esta página já não está guardada
error-expired-what = Para o proteger, um texto é esquecido após uma hora. Um código secreto, após três.
error-expired-do = Recomece na primeira página, por favor.
error-missing = Esta página não existe
error-missing-what = O endereço pode estar mal escrito.
error-missing-do = Comece pela primeira página.
error-directory = Agora não podemos receber denúncias com segurança
error-directory-what = Nada foi enviado. Não conseguimos fechá-lo à chave para as pessoas certas.
error-directory-do = Volte amanhã, por favor.
error-broken = Algo falhou do nosso lado
error-broken-what = Se não viu nenhuma confirmação, o seu envio pode não ter chegado.
error-broken-do = Recarregue esta página para enviar outra vez. O mesmo envio nunca conta duas vezes.

# Com script: é o navegador que fecha à chave.
seal-here = O seu aparelho fecha tudo à chave. O nosso site não consegue ler nada.
seal-here-text = O seu aparelho fecha à chave o que escreve. O nosso site só conhece as primeiras escolhas.
seal-here-reply = O seu aparelho fecha esta mensagem à chave. O nosso site não consegue ler nada.
seal-here-return = O seu aparelho abre as suas mensagens. O nosso site não consegue ler nada.
seal-date = Se a data do seu aparelho está errada, corrija-a. Então poderá fechar a denúncia à chave.
altered-heading = Não escreva nada aqui por agora
altered-what = Partes deste formulário não estão assinadas pela administração. Alguém talvez queira ler o que escreve.
altered-do = Tente de novo em dez minutos. Se a mensagem voltar, não use este formulário em nenhum aparelho. Ligue para o órgão externo: o número está nos cartazes.
send-sealing = O seu aparelho fecha a denúncia à chave.
send-progress = A enviar: { $done } %
send-waiting = Sem ligação. Mantenha esta página aberta. Nova tentativa em { $seconds } s.
send-again = Tentar agora
send-stop = Parar
send-failed = Não foi possível enviar. Mantenha esta página aberta e tente de novo.
send-too-large = É demasiado para um envio. O limite é de 32 ficheiros e cerca de 60 MB ao todo.
send-busy = O serviço está muito ocupado. Mantenha esta página aberta. Nova tentativa em { $seconds } s.
send-full = O nosso site não tem espaço para este envio. Mantenha esta página aberta. Nova tentativa em { $seconds } s.
