//! `burkindi members`: desks and members of the signed directory.

use super::{CliOutput, CommandContext};

pub(crate) async fn run(
    context: &mut CommandContext,
    screen: &mut CliOutput,
) -> anyhow::Result<()> {
    let connection = context.connect(screen).await?;
    screen.print(connection.directory(), |directory, page| {
        page.heading("Desks");
        let desks = directory.desks.iter();
        let desks = desks
            .map(|desk| vec![desk.id.clone(), desk.members.join(" "), desk.categories.join(" ")]);
        page.table(&["", "members, lead first", "categories"], &desks.collect::<Vec<_>>());
        page.heading("Members");
        let members = directory.members.iter();
        let members = members.map(|member| {
            vec![member.handle.clone(), member.units.join(" "), member.languages.join(" ")]
        });
        page.table(&["", "units", "languages"], &members.collect::<Vec<_>>());
        page.dim(&format!("Directory {}, valid until {}.", directory.epoch, directory.expires));
    })
}
