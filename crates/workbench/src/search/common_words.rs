//! Folded words that occur in most texts. They say nothing about what two cases have in common,
//! however few cases there are.

/// Words of five letters or more; shorter words are ignored.
const COMMON_WORDS: [&str; 5] = [
    "afin ainsi alors ancien apres assez aucun aucune aujourd aupres aussi autant autre autres avaient avait avant avoir ayant \
     beaucoup bureau cadre celle celles celui cependant certain certaine certains cette ceux chaque chefs chose choses combien comme \
     comment compte contre demande demander depuis dernier derniere derriere devant devoir dit donne donner douane douanes douanier \
     douaniers deux elles encore endroit enfin ensuite entre environ etaient etais etait etant etes etions etre eux faire faisait \
     fait faites fallait faudrait femme fois francs futur grand grande hier homme ici ils jamais jours jusqu jusque lendemain \
     lequel leurs lorsqu lorsque maintenant maniere matin meme memes merci mieux moins moment monsieur madame montant nombre notre \
     nous nouveau nulle obtenir papier papiers parce parfois parle parler parmi partie passe passer pendant personne personnes petit \
     petite peut peuvent plusieurs plutot poste pourquoi pourtant pouvait pouvoir prendre presque prochain pris puisque quand quatre \
     quelle quelles quelqu quelque quelques question quoi raison reponse rien sans sauf selon semaine serait seront service seule \
     seulement signalement simple situation soient soir somme sommes sont souvent suite suivant surtout tandis temps toujours tous \
     toute toutes travail tres trois trouve trouver vient vers vois voici voila voulait vouloir votre vous vraiment argent agent agents",
    "about above after again against almost alone already although always among amount another anybody anyone anything around asked \
     because become been before behind being below between border both cannot could customs does doing done during each either enough \
     every everybody everyone everything first found francs further given gives going great having hello here himself house however \
     instead itself later least leave little looked making many maybe meanwhile might money month months more morning most mostly much \
     must myself nearly never nobody nothing office officer officers often once only other others ourselves outside over papers people \
     perhaps person please point possible quite rather really receipt report right said same second several shall should since \
     someone somebody something sometimes somewhere still such taken thank thanks their theirs them themselves then there therefore \
     these they thing things think this those three through time today together told tomorrow toward truck under until upon usually \
     very wanted week weeks well were what when where whether which while whole whom whose will with within without would year years \
     yesterday your yours",
    "adonde agente agentes ahora algo alguien alguna algunas alguno algunos alli antes anos aquel aquella aqui asimismo aunque cada \
     camion casi casos cerca ciertas como contra cosas cual cuales cualquier cuando cuanto debajo debe deben decir delante demas \
     dentro desde despues detras dias dice dicho dijo dinero donde durante ellas ellos encima entonces entre eramos eran estaba \
     estaban estado estamos estan estar estas este estos fuera fueron gracias habia habian haber hace hacer hacia hasta hemos hizo \
     hoy igual incluso jamas luego manana mayor mejor menos mientras misma mismas mismo mismos mucha muchas mucho muchos nada nadie \
     ninguna ninguno nosotros nuestra nuestro nunca oficina otra otras otro otros parece parte pero persona personas podemos poder \
     podia porque posible primera primero puede pueden puesto pues quien quienes quiere quiza saber segun semana senor senora siempre \
     siendo sobre solamente solo somos tambien tampoco tanto tarde tenemos tener tenia tiempo tiene tienen toda todas todavia todo \
     todos tras usted ustedes varias varios veces aduana aduanas",
    "agora ainda alem algum alguma algumas alguns alguem antes aquela aquelas aquele aqueles aquilo assim atras aqui cada camiao casa \
     caso como contra coisa coisas cujo depois desde dessa desse desta deste dentro dever devia dias dinheiro disse diz dois duas \
     durante elas eles enquanto entao entre eram esse essa essas esses esta estas estao estar estava estavam este estes esteve fazer \
     fez ficou foram fora havia hoje houve isso isto jamais junto lugar mais manha maior melhor menos mesma mesmas mesmo mesmos meses \
     minha muita muitas muito muitos nada nessa nesse nesta neste nenhum nenhuma ninguem nossa nosso numa nunca obrigado ontem onde \
     outra outras outro outros para parte pela pelas pelo pelos perto pessoa pessoas pode podem poder podia porque posto pouco \
     primeira primeiro propria proprio qual qualquer quais quando quanto quase quem quer sabe seja sempre semana senhor senhora sera \
     sido sobre somente tambem tanto tarde tempo temos tenha tenho teria tinha tinham toda todas todo todos tres tudo umas varias \
     varios vezes voce voces alfandega alfandegas",
    "الذي التي الذين اللذين هذا هذه هناك هنالك عندما عليه عليها عليهم اليه اليها اليهم منها منهم فيها فيهم كانت كانوا يكون تكون بعدما \
     قبلما حيثما لكنه لكنها لانه لانها ايضا جميع جميعا كذلك حتي الان اليوم امس البارحه احيانا دايما خلال بينما كلما شخص اشخاص الناس \
     المال مبلغ فرنك الجمارك جمارك الجمركي جمركي مكتب المكتب الشاحنه شاحنه الموظف موظف",
];

/// Returns whether this folded word is on one of the lists.
pub(super) fn is_common(word: &str) -> bool {
    COMMON_WORDS.iter().any(|list| list.split_ascii_whitespace().any(|common| common == word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::text_folding::fold_text;

    #[test]
    fn listed_words_are_folded() {
        for word in COMMON_WORDS.iter().flat_map(|list| list.split_ascii_whitespace()) {
            assert_eq!(fold_text(word), word);
        }
        for word in ["jusqu", "francs", "Après", "because", "también", "também", "هذا"] {
            assert!(is_common(&fold_text(word)), "{word}");
        }
        for word in ["brigade", "Dakola", "guichet", "Sawadogo"] {
            assert!(!is_common(&fold_text(word)), "{word}");
        }
    }
}
